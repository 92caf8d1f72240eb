import type { ItemPath } from "../parsers/format.ts";
import type { FrameCutter, Job } from "./cutter.ts";
import { type Kind, JsonWalker, type Step, type Visitor } from "./json-walker.ts";
import { jsonFault, reportError } from "./report-error.ts";

interface Open {
  readonly array: boolean;
  /** Which item paths may end below. */
  readonly live: readonly number[];
  /** What is kept of it for the frame. */
  readonly entries: [string | number, unknown][];
  readonly seen: Set<string>;
}

/** What every entry of the frame costs beside its bytes. */
const entryCost = 128;

/** Parts one JSON document into its frame and its items. A key that stands twice around items is refused. */
export class JsonCutter implements FrameCutter, Visitor {
  readonly #job: Job;
  readonly #paths: readonly ItemPath[];
  readonly #walker: JsonWalker;
  readonly #stack: Open[] = [];
  readonly #keys: (string | number)[] = [];
  #key: string | number | null = null;
  #live: readonly number[];
  #item = -1;
  #root: unknown = undefined;
  #frameBytes = 0;

  most = 0;
  full = false;

  constructor(job: Job) {
    this.#job = job;
    this.#paths = job.format.items ?? [];
    this.#live = [...this.#paths.keys()];
    this.#walker = new JsonWalker(this, { many: false, depth: job.limits.depth });
  }

  write(chunk: Buffer): void {
    this.#walker.write(chunk);
  }

  end(): void {
    this.#walker.end();
  }

  frame(): unknown {
    return this.#root;
  }

  begin(key: string | number | null, kind: Kind, offset: number): Step {
    this.#key = key;
    const depth = this.#stack.length;
    const above = this.#stack.at(-1);
    const live = above === undefined ? this.#live : this.#below(above, key ?? "", depth - 1);
    const item =
      above === undefined ? -1 : live.findIndex((one) => this.#paths[one]?.path.length === depth);
    if (item >= 0) return this.#beginItem(live[item] ?? 0);
    this.#item = -1;
    if (live.length > 0 && kind !== "scalar") {
      if (above !== undefined && typeof key === "string") this.#once(above, key, offset);
      this.#spend(entryCost);
      this.#keys.push(key ?? "");
      this.#stack.push({ array: kind === "array", live, entries: [], seen: new Set() });
      return "enter";
    }
    if (this.#job.pass !== 0) return "skip";
    if (above !== undefined && typeof key === "string") this.#once(above, key, offset);
    this.most = this.#job.limits.frameBytes;
    return "take";
  }

  taken(bytes: Buffer, offset: number): void {
    const text = bytes.toString();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw jsonFault(error, text, offset);
    }
    if (this.#item < 0) {
      this.#spend(bytes.length + entryCost);
      this.#keep(this.#key, value);
      return;
    }
    const path = this.#paths[this.#item]?.path ?? [];
    // The first key is the document's own.
    const all = [...this.#keys.slice(1), this.#key ?? ""];
    const keys = all.filter((_, index) => path[index] === "*");
    this.#job.take(value, { item: this.#item, keys }, () => `${nameOf(all)} (byte ${offset})`);
  }

  leave(): void {
    const open = this.#stack.pop();
    const key = this.#keys.pop();
    if (open === undefined || this.#job.pass !== 0) return;
    const value = open.array
      ? open.entries.map(([, one]) => one)
      : Object.fromEntries(open.entries);
    this.#keep(key ?? "", value);
  }

  #beginItem(item: number): Step {
    this.#item = item;
    this.most = this.#job.limits.itemBytes;
    const pass = this.#paths[item]?.pass ?? 1;
    return pass === this.#job.pass ? "take" : "skip";
  }

  #below(above: Open, key: string | number, depth: number): readonly number[] {
    if (above.live.length === 0) return above.live;
    return above.live.filter((one) => {
      const word = this.#paths[one]?.path[depth];
      return word === "*" || word === key;
    });
  }

  #once({ seen }: Open, key: string, offset: number): void {
    if (seen.has(key)) {
      throw reportError(
        `JSON at byte ${offset}: the key ${JSON.stringify(key.slice(0, 100))} stands there twice`,
      );
    }
    seen.add(key);
  }

  #spend(bytes: number): void {
    this.#frameBytes += bytes;
    const { frameBytes } = this.#job.limits;
    if (this.#job.pass === 0 && this.#frameBytes > frameBytes) {
      throw reportError(
        `what stands around its items is longer than ${frameBytes} bytes, which is the most`,
      );
    }
  }

  #keep(key: string | number | null, value: unknown): void {
    const above = this.#stack.at(-1);
    if (above === undefined) this.#root = value;
    else above.entries.push([key ?? "", value]);
  }
}

function nameOf(keys: readonly (string | number)[]): string {
  return keys
    .map((key, index) =>
      typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${key.slice(0, 100)}`,
    )
    .join("");
}

/** JSON values one after the other, or one array of them: each is an item. */
export class LinesCutter implements FrameCutter, Visitor {
  readonly #job: Job;
  readonly #walker: JsonWalker;
  #inArray = false;
  #count = 0;
  full = false;
  readonly most: number;

  constructor(job: Job) {
    this.#job = job;
    this.most = job.limits.itemBytes;
    this.#walker = new JsonWalker(this, { many: true, depth: job.limits.depth });
  }

  write(chunk: Buffer): void {
    this.#walker.write(chunk);
  }

  end(): void {
    this.#walker.end();
  }

  frame(): unknown {
    return null;
  }

  begin(_key: string | number | null, kind: Kind): Step {
    if (kind !== "array" || this.#inArray) return "take";
    this.#inArray = true;
    return "enter";
  }

  taken(bytes: Buffer, offset: number): void {
    const text = bytes.toString();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw jsonFault(error, text, offset);
    }
    const index = this.#count;
    this.#count += 1;
    this.#job.take(value, { item: 0, keys: [index] }, () => `value ${index + 1} (byte ${offset})`);
  }

  leave(): void {
    this.#inArray = false;
  }
}
