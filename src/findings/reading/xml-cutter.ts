import { StringDecoder } from "node:string_decoder";
import type { Element } from "../parsers/xml.ts";
import type { FrameCutter, Job } from "./cutter.ts";
import { reportError } from "./report-error.ts";
import { type XmlHandler, XmlReader } from "./xml-reader.ts";

interface Open {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  text: string;
}

/** What an element costs beside its characters. */
const elementCost = 100;

/** Builds elements; what is built costs characters out of `most`. */
export class XmlBuilder implements XmlHandler {
  readonly #stack: Open[] = [];
  readonly #wrong: () => Error;
  #left: number;
  root: Element | undefined;

  constructor(most: number, wrong: () => Error) {
    this.#left = most;
    this.#wrong = wrong;
  }

  open(name: string, attributes: ReadonlyMap<string, string>): void {
    let cost = elementCost + name.length;
    for (const [key, value] of attributes) cost += key.length + value.length;
    this.#spend(cost);
    this.#stack.push({ name, attributes, children: [], text: "" });
  }

  text(text: string): void {
    const open = this.#stack.at(-1);
    if (open === undefined) return;
    this.#spend(text.length);
    open.text += text;
  }

  close(): void {
    const open = this.#stack.pop();
    if (open === undefined) return;
    const parent = this.#stack.at(-1);
    if (parent) parent.children.push(open);
    else this.root = open;
  }

  #spend(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw this.#wrong();
  }
}

/** Parts one XML document into its frame (the root without its items) and its items. */
export class XmlCutter implements FrameCutter, XmlHandler {
  readonly #job: Job;
  readonly #paths: readonly (readonly string[])[];
  readonly #decoder = new StringDecoder("utf8");
  readonly #reader: XmlReader;
  readonly #frame: XmlBuilder | null;
  readonly #names: string[] = [];
  #item: {
    readonly index: number;
    readonly depth: number;
    readonly builder: XmlBuilder | null;
  } | null = null;
  #count = 0;
  full = false;

  constructor(job: Job) {
    this.#job = job;
    this.#paths = (job.format.items ?? []).map(({ path }) => path);
    this.#reader = new XmlReader(this, { depth: job.limits.elementDepth });
    const { frameBytes } = job.limits;
    this.#frame =
      job.pass === 0
        ? new XmlBuilder(frameBytes, () =>
            reportError(
              `what stands around its items is longer than ${frameBytes} bytes, which is the most`,
            ),
          )
        : null;
  }

  write(chunk: Buffer): void {
    this.#reader.write(this.#decoder.write(chunk));
  }

  end(): void {
    this.#reader.end();
  }

  frame(): unknown {
    return this.#frame?.root;
  }

  open(name: string, attributes: ReadonlyMap<string, string>): void {
    this.#names.push(name);
    if (this.#item === null) this.#item = this.#begin();
    if (this.#item === null) this.#frame?.open(name, attributes);
    else this.#item.builder?.open(name, attributes);
  }

  text(text: string): void {
    if (this.#item === null) this.#frame?.text(text);
    else this.#item.builder?.text(text);
  }

  close(name: string): void {
    const item = this.#item;
    const depth = this.#names.length;
    this.#names.pop();
    if (item === null) {
      this.#frame?.close();
      return;
    }
    item.builder?.close();
    if (item.depth < depth) return;
    this.#item = null;
    const element = item.builder?.root;
    if (element === undefined) return;
    this.#count += 1;
    this.#job.take(
      element,
      { item: item.index, keys: [] },
      () => `<${name.slice(0, 100)}> ${this.#count}`,
    );
  }

  #begin() {
    const depth = this.#names.length;
    // The root is no item: there would be no frame.
    if (depth === 1) return null;
    const index = this.#paths.findIndex((path) => fits(path, this.#names));
    if (index === -1) return null;
    const taken = (this.#job.format.items?.[index]?.pass ?? 1) === this.#job.pass;
    const { itemBytes } = this.#job.limits;
    const wrong = () =>
      reportError(
        `<${this.#names[depth - 1]?.slice(0, 100)}> is longer than ${itemBytes} bytes, which is the most`,
      );
    return { index, depth, builder: taken ? new XmlBuilder(itemBytes, wrong) : null };
  }
}

/** Whether names from the root down are what a path says; `**` stands for any number of them. */
function fits(path: readonly string[], names: readonly string[], at = 0, from = 0): boolean {
  const word = path[at];
  if (word === undefined) return from === names.length;
  if (word === "**") {
    for (let next = from; next <= names.length; next += 1) {
      if (fits(path, names, at + 1, next)) return true;
    }
    return false;
  }
  return (
    from < names.length &&
    (word === "*" || word === names[from]) &&
    fits(path, names, at + 1, from + 1)
  );
}
