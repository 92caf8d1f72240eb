import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { requireSpace } from "../../../store/disk-space.ts";
import { dirname } from "node:path";

/** So much is held in memory before the rest goes to the file. Characters. */
const heldCharacters = 8 * 1024 * 1024;
const lookEvery = 64 * 1024 * 1024;

/**
 * Lines of JSON that are read again when all of them are there: what tells which finding a hit is of depends on what
 * the report says at its very end. Few stay in memory, many go to a file beside the report.
 */
export class Gathered {
  readonly #path: string;
  readonly #held: string[] = [];
  #size = 0;
  #looked = 0;
  #file: WriteStream | null = null;
  #failed: unknown = null;

  constructor(path: string) {
    this.#path = path;
  }

  async add(line: string): Promise<void> {
    this.#size += line.length;
    if (this.#size <= heldCharacters) {
      this.#held.push(line);
      return;
    }
    if (this.#failed !== null) throw this.#failed;
    if (this.#file === null) {
      this.#file = createWriteStream(this.#path, { flags: "wx", mode: 0o600 });
      this.#file.on("error", (error) => (this.#failed = error));
    }
    if (this.#size - this.#looked > lookEvery) {
      await requireSpace(dirname(this.#path), 0);
      this.#looked = this.#size;
    }
    if (!this.#file.write(`${line}\n`)) await once(this.#file, "drain");
  }

  async *lines(): AsyncGenerator<string> {
    yield* this.#held;
    if (this.#file === null) return;
    const file = this.#file;
    await new Promise<void>((resolve, reject) => {
      file.once("error", reject);
      file.end(resolve);
    });
    if (this.#failed !== null) throw this.#failed;
    yield* createInterface({ input: createReadStream(this.#path), crlfDelay: Infinity });
  }
}
