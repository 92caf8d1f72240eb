import { createHash } from "node:crypto";
import type { Digest } from "../model/primitives.ts";

/** Reads a byte stream in the pieces that a format wants, and hashes every byte on the way. */
export class BlockReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #hash = createHash("sha256");
  #chunk: Buffer = Buffer.alloc(0);
  #size = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Bytes consumed so far. */
  get size(): number {
    return this.#size;
  }

  /** The next `length` bytes, or undefined when the stream ends before them. */
  async take(length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const part = await this.some(missing);
      if (!part) return undefined;
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** Between one and `limit` bytes, as they come; undefined at the end. */
  async some(limit: number): Promise<Buffer | undefined> {
    while (this.#chunk.length === 0) {
      const next = await this.#source.next();
      if (next.done) return undefined;
      this.#chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const part = this.#chunk.subarray(0, limit);
    this.#chunk = this.#chunk.subarray(part.length);
    this.#hash.update(part);
    this.#size += part.length;
    return part;
  }

  /** Over everything consumed; the reader is done with. */
  digest(): Digest {
    return `sha256:${this.#hash.digest("hex")}`;
  }

  /** Lets the source go, so that a refused stream does not stay open. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
