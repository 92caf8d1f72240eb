import { StringDecoder } from "node:string_decoder";
import type { Sample } from "../parsers/format.ts";
import type { Element } from "../parsers/xml.ts";
import type { Cutter } from "./cutter.ts";
import { CsvCutter } from "./text-cutter.ts";
import { JsonWalker, type Kind, type Step, type Visitor } from "./json-walker.ts";
import { defaultLimits } from "./limits.ts";
import { type XmlHandler, XmlReader } from "./xml-reader.ts";

/** What a report looks like, for each syntax that it may be of. */
export type Samples = readonly Sample[];

export interface Sampler extends Cutter {
  samples(): Samples;
}

const shownValues = 3;
const shownCharacters = 200;
const shownLevels = 8;
/** Of all values; a report with more keys than this in its upper levels is none that anybody wrote. */
const shownInAll = 20_000;

/** By the first character that is no white space. */
export function samplerOf(first: string): Sampler {
  if (first === "<") return new XmlSampler();
  return /[[{"\d.tfn-]/.test(first) ? new JsonSampler() : new TextSampler();
}

type Value = unknown;

class JsonSampler implements Sampler, Visitor {
  readonly #walker = new JsonWalker(this, { many: true, depth: defaultLimits.depth });
  readonly #stack: { readonly array: boolean; readonly entries: [string | number, Value][] }[] = [];
  readonly #values: Value[] = [];
  readonly #keys: (string | number)[] = [];
  #key: string | number = 0;
  #shown = 0;
  readonly most = 6 * shownCharacters + 2;
  readonly cuts = true;

  /** The second value at the top shows that it is no single document, and three are enough of many. */
  get full(): boolean {
    return this.#walker.values > shownValues;
  }

  write(chunk: Buffer): void {
    this.#walker.write(chunk);
  }

  end(): void {
    this.#walker.end();
  }

  samples(): Samples {
    const [first] = this.#values;
    const values = this.#walker.values === 1 && Array.isArray(first) ? first : this.#values;
    return [
      { syntax: "lines", values },
      ...(this.#walker.values === 1 ? [{ syntax: "json" as const, value: first }] : []),
    ];
  }

  begin(key: string | number | null, kind: Kind): Step {
    this.#key = key ?? 0;
    const above = this.#stack.at(-1);
    const beyond = typeof key === "number" && key >= shownValues;
    if (beyond || this.#shown >= shownInAll) return "skip";
    this.#shown += 1;
    if (kind === "scalar") return "take";
    if (this.#stack.length >= shownLevels) {
      above?.entries.push([this.#key, kind === "array" ? [] : {}]);
      return "skip";
    }
    this.#keys.push(this.#key);
    this.#stack.push({ array: kind === "array", entries: [] });
    return "enter";
  }

  taken(bytes: Buffer): void {
    this.#keep(this.#key, cutValue(bytes.toString()));
  }

  leave(): void {
    const open = this.#stack.pop();
    const key = this.#keys.pop() ?? 0;
    if (open === undefined) return;
    const { array, entries } = open;
    this.#keep(key, array ? entries.map(([, one]) => one) : Object.fromEntries(entries));
  }

  #keep(key: string | number, value: Value): void {
    const above = this.#stack.at(-1);
    if (above === undefined) this.#values.push(value);
    else above.entries.push([key, value]);
  }
}

/** A scalar, of which the end may be missing. */
function cutValue(text: string): Value {
  const string = /^"(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/.exec(text)?.[0];
  try {
    if (string === undefined) return JSON.parse(text);
    return String(JSON.parse(`${string}"`)).slice(0, shownCharacters);
  } catch {
    return null;
  }
}

interface Shown {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  text: string;
}

class XmlSampler implements Sampler, XmlHandler {
  readonly #decoder = new StringDecoder("utf8");
  readonly #reader = new XmlReader(this, { depth: defaultLimits.elementDepth });
  readonly #names = new Set<string>();
  readonly #shown: Shown[] = [];
  #root: Shown | undefined;
  #depth = 0;
  #elements = 0;

  /** Children of the root that are looked for; reports repeat a handful of names. */
  get full(): boolean {
    return this.#elements >= shownInAll;
  }

  write(chunk: Buffer): void {
    this.#reader.write(this.#decoder.write(chunk));
  }

  end(): void {
    this.#reader.end();
  }

  samples(): Samples {
    const root = this.#root;
    if (root === undefined) return [];
    const { name, attributes } = root;
    return [{ syntax: "xml", root: name, attributes, children: [...this.#names], outline: root }];
  }

  open(name: string, attributes: ReadonlyMap<string, string>): void {
    const depth = this.#depth;
    this.#depth += 1;
    this.#elements += 1;
    if (depth === 1 && this.#names.size < 100) this.#names.add(name);
    const above = this.#shown[depth - 1];
    if (depth > 4 || this.#shown.length !== depth || (above?.children.length ?? 0) >= shownValues) {
      return;
    }
    const cut = [...attributes].map(([key, value]) => [key, value.slice(0, 1_000)] as const);
    const shown = { name, attributes: new Map(cut), children: [], text: "" };
    this.#shown.push(shown);
    if (above === undefined) this.#root = shown;
    else above.children.push(shown);
  }

  text(text: string): void {
    const at = this.#shown[this.#depth - 1];
    if (at === undefined || this.#shown.length !== this.#depth) return;
    at.text = (at.text + text).slice(0, shownCharacters);
  }

  close(): void {
    if (this.#shown.length === this.#depth) this.#shown.pop();
    this.#depth -= 1;
  }
}

const sampledLines = 50;

/** Words, and perhaps a table. */
export class TextSampler implements Sampler {
  readonly #decoder = new StringDecoder("utf8");
  #text = "";
  full = false;

  write(chunk: Buffer): void {
    this.#text += this.#decoder.write(chunk);
    this.full = this.#text.length >= 65_536;
  }

  end(): void {}

  samples(): Samples {
    const lines = this.#text.split(/\r?\n/);
    const shown = lines.slice(0, sampledLines).map((line) => line.slice(0, 1_000));
    return [{ syntax: "text", lines: shown }, ...headerIn(this.#text)];
  }
}

function headerIn(text: string): Samples {
  const none = { id: "", title: "", syntax: "csv", recognise: () => false } as const;
  const format = { ...none, open: () => ({ end: () => ({ complete: false }) }) };
  const cutter = new CsvCutter({ format, limits: defaultLimits, pass: 0, take: () => {} });
  try {
    cutter.write(Buffer.from(text));
    cutter.end();
  } catch {
    return [];
  }
  const header = cutter.frame() as readonly string[];
  return header.length < 2 ? [] : [{ syntax: "csv", header }];
}
