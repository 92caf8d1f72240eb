import { reportError } from "./report-error.ts";

export type Kind = "object" | "array" | "scalar";

/** `enter`: visit what is in it. `take`: hand it over as text. `skip`: pass over it. */
export type Step = "enter" | "take" | "skip";

export interface Visitor {
  /** How many bytes the value that is begun may have; it is refused beyond, or cut where `cuts`. */
  readonly most: number;
  readonly cuts?: boolean;
  /** Before each value; `key` is null at the top. A scalar that is entered is taken. */
  begin(key: string | number | null, kind: Kind, offset: number): Step;
  /** The bytes of a value that was to be taken; valid until this returns. */
  taken(bytes: Buffer, offset: number): void;
  /** The end of what was entered. */
  leave(): void;
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;

/** What is expected next among the tokens of what was entered. */
type State = "top" | "value" | "value-or-end" | "key" | "key-or-end" | "colon" | "comma-or-end";

/**
 * Walks over JSON (RFC 8259) as its bytes arrive, whatever their boundaries, and hands out whole subtrees for
 * `JSON.parse`. It looks only for strings and brackets inside of a subtree, reads tokens only around those, and leaves
 * the grammar of values to the engine's own parser: on SARIF 61 MB a processor second for frame and results, where
 * streaming parsers that make an event of every token read 18 (`@streamparser/json` 0.0.26) and 5 (`stream-json` 3.8).
 * What is neither entered nor taken is not checked: another pass takes it.
 */
export class JsonWalker {
  readonly #visitor: Visitor;
  /** `many`: any number of values at the top. */
  readonly #many: boolean;
  readonly #depth: number;

  #state: State = "top";
  /** True for arrays. */
  readonly #stack: boolean[] = [];
  readonly #indices: number[] = [];
  #key = "";
  #values = 0;
  /** Bytes before the present chunk. */
  #before = 0;

  /** A subtree is passed over: `scalar` ends at a delimiter, `tree` at its bracket or quote. */
  #inside: "tree" | "scalar" | null = null;
  #forKey = false;
  #taking = false;
  #open = 0;
  #inString = false;
  #escaped = false;
  #start = 0;
  #most = 0;
  #size = 0;
  #parts: Buffer[] = [];
  /** Where in the present chunk the subtree begins: at 0 when it began in an earlier one. */
  #from = 0;

  constructor(visitor: Visitor, { many, depth }: { many: boolean; depth: number }) {
    this.#visitor = visitor;
    this.#many = many;
    this.#depth = depth;
  }

  /** How many values have begun at the top. */
  get values(): number {
    return this.#values;
  }

  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#inside === "tree") at = this.#passTree(chunk, at);
      else if (this.#inside === "scalar") at = this.#passScalar(chunk, at);
      else at = this.#token(chunk, at);
    }
    if (this.#inside !== null) this.#keep(chunk);
    this.#before += chunk.length;
  }

  end(): void {
    if (this.#inside === "scalar") this.#ended(Buffer.alloc(0), 0);
    if (this.#inside !== null || this.#stack.length > 0) {
      throw reportError(`JSON at byte ${this.#before}: it ends in the middle`, {
        hint: "The file was cut: write it again, whole.",
      });
    }
    if (this.#values === 0) throw reportError("it is empty: there is no JSON in it");
  }

  #wrong(at: number, why: string): Error {
    return reportError(`JSON at byte ${this.#before + at}: ${why}`);
  }

  #token(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1;
    const array = this.#stack.at(-1) === true;
    switch (this.#state) {
      case "top":
        if (this.#values > 0 && !this.#many)
          throw this.#wrong(at, "something stands behind its end");
        this.#values += 1;
        return this.#begin(chunk, at, this.#many ? this.#values - 1 : null);
      case "value-or-end":
        if (byte === closeBracket) return this.#leave(at);
        return this.#begin(chunk, at, this.#nextIndex());
      case "value":
        return this.#begin(chunk, at, array ? this.#nextIndex() : this.#key);
      case "key-or-end":
      case "key":
        if (byte === closeBrace && this.#state === "key-or-end") return this.#leave(at);
        if (byte !== quote) throw this.#wrong(at, "a key is missing");
        this.#forKey = true;
        this.#most = 65_536;
        return this.#pass(at, true, true);
      case "colon":
        if (byte !== 0x3a) throw this.#wrong(at, "a colon is missing");
        this.#state = "value";
        return at + 1;
      case "comma-or-end":
        if (byte === (array ? closeBracket : closeBrace)) return this.#leave(at);
        if (byte !== 0x2c) throw this.#wrong(at, "a comma or an end is missing");
        this.#state = array ? "value" : "key";
        return at + 1;
    }
  }

  #nextIndex(): number {
    const last = this.#indices.length - 1;
    const index = this.#indices[last] ?? 0;
    this.#indices[last] = index + 1;
    return index;
  }

  #begin(chunk: Buffer, at: number, key: string | number | null): number {
    const byte = chunk[at] ?? 0;
    const tree = byte === openBrace || byte === openBracket;
    if (!tree && !startsScalar(byte)) throw this.#wrong(at, "no value begins like this");
    const kind = tree ? (byte === openBrace ? "object" : "array") : "scalar";
    const step = this.#visitor.begin(key, kind, this.#before + at);
    if (step === "enter" && tree) {
      if (this.#stack.length >= this.#depth) throw this.#wrong(at, "nested too deeply");
      this.#stack.push(kind === "array");
      this.#indices.push(0);
      this.#state = kind === "array" ? "value-or-end" : "key-or-end";
      return at + 1;
    }
    this.#most = this.#visitor.most;
    return this.#pass(at, step !== "skip", byte === quote, tree);
  }

  #pass(at: number, taking: boolean, string: boolean, tree = false): number {
    this.#taking = taking;
    this.#start = this.#before + at;
    this.#size = 0;
    this.#open = tree ? 1 : 0;
    this.#inString = string;
    this.#inside = tree || string ? "tree" : "scalar";
    this.#from = at;
    return at + 1;
  }

  #passTree(chunk: Buffer, from: number): number {
    const deepest = this.#depth - this.#stack.length;
    const end = chunk.length;
    let at = from;
    let open = this.#open;
    let string = this.#inString;
    let escaped = this.#escaped;
    let done = false;
    while (at < end) {
      if (string) {
        if (escaped) {
          escaped = false;
          at += 1;
          continue;
        }
        let byte = 0;
        while (at < end && (byte = chunk[at] as number) !== quote && byte !== backslash) at += 1;
        if (at === end) break;
        at += 1;
        if (byte === backslash) escaped = true;
        else {
          string = false;
          if (open === 0) {
            done = true;
            break;
          }
        }
        continue;
      }
      const byte = chunk[at] as number;
      at += 1;
      if (byte === quote) string = true;
      else if (byte === openBrace || byte === openBracket) {
        open += 1;
        if (open > deepest) throw this.#wrong(at - 1, "nested too deeply");
      } else if (byte === closeBrace || byte === closeBracket) {
        open -= 1;
        if (open === 0) {
          done = true;
          break;
        }
      }
    }
    this.#open = open;
    this.#inString = string;
    this.#escaped = escaped;
    return done ? this.#ended(chunk, at) : at;
  }

  #passScalar(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && !endsScalar(chunk[at] as number)) at += 1;
    return at < chunk.length ? this.#ended(chunk, at) : at;
  }

  /** The chunk ends within the subtree. */
  #keep(chunk: Buffer): void {
    const part = chunk.subarray(this.#from);
    this.#from = 0;
    if (!this.#taking) return;
    this.#grow(part.length);
    // Whoever wrote the chunk may use its memory again.
    if (this.#size - part.length < this.#most) this.#parts.push(Buffer.from(part));
  }

  #cuts(): boolean {
    return this.#visitor.cuts === true && !this.#forKey;
  }

  #grow(bytes: number): void {
    this.#size += bytes;
    if (this.#size > this.#most && !this.#cuts()) {
      throw reportError(
        `JSON at byte ${this.#start}: a part of it is longer than ${this.#most} bytes, which is the most`,
      );
    }
  }

  #ended(chunk: Buffer, at: number): number {
    const start = this.#from;
    this.#from = 0;
    this.#inside = null;
    if (!this.#taking) {
      this.#state = this.#stack.length === 0 ? "top" : "comma-or-end";
      return at;
    }
    const last = chunk.subarray(start, at);
    this.#grow(last.length);
    let bytes = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
    if (bytes.length > this.#most) bytes = bytes.subarray(0, this.#most);
    this.#parts = [];
    if (this.#forKey) {
      this.#forKey = false;
      this.#key = keyOf(bytes, this.#start);
      this.#state = "colon";
      return at;
    }
    this.#state = this.#stack.length === 0 ? "top" : "comma-or-end";
    this.#visitor.taken(bytes, this.#start);
    return at;
  }

  #leave(at: number): number {
    this.#stack.pop();
    this.#indices.pop();
    this.#state = this.#stack.length === 0 ? "top" : "comma-or-end";
    this.#visitor.leave();
    return at + 1;
  }
}

function keyOf(bytes: Buffer, offset: number): string {
  try {
    return String(JSON.parse(bytes.toString()));
  } catch {
    throw reportError(`JSON at byte ${offset}: a key cannot be read`);
  }
}

/** A quote, a sign, a digit, or the first letter of `true`, `false` and `null`. */
function startsScalar(byte: number): boolean {
  return (
    byte === quote ||
    byte === 0x2d ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x74 ||
    byte === 0x66 ||
    byte === 0x6e
  );
}

function endsScalar(byte: number): boolean {
  return (
    byte === 0x2c ||
    byte === closeBracket ||
    byte === closeBrace ||
    byte === 0x20 ||
    byte === 0x0a ||
    byte === 0x0d ||
    byte === 0x09
  );
}
