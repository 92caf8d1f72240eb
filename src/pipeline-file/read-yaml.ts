import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type YAMLError,
} from "yaml";
import type { Problem } from "../model/errors.ts";
import { printable } from "../model/printable.ts";

export type Path = readonly (string | number)[];

/** One document of the file as plain data, and where each of its parts stands. */
export interface SourceDocument {
  readonly value: unknown;
  /** `file:line:column` of the value at `path`, or of its nearest ancestor that exists. */
  at(path: Path): string;
  /** The same for the key that holds it, where it has one. */
  atKey(path: Path): string;
  /** `file:line:column` of a character of the text at `path`, however it is quoted or folded there. */
  within(path: Path, offset: number): string;
}

/** Far above any real pipeline file; a bound on what a hostile one costs. */
const maxBytes = 256_000;
const maxDocuments = 200;
const maxDepth = 64;

/**
 * Reads YAML 1.2 (core schema) as data only: no anchors, aliases, merge keys or tags, so that what is
 * read is what stands there and a small file cannot unfold into a large one.
 */
export function readYaml(
  file: string,
  source: string,
): { documents: readonly SourceDocument[]; problems: readonly Problem[] } {
  const name = printable(file);
  const first = `${name}:1:1`;
  const refuse = (message: string, hint: string, where = first) => ({
    documents: [],
    problems: [{ where, message, hint }],
  });

  const text = source.startsWith("\uFEFF") ? source.slice(1) : source;
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    return refuse(
      `the file has ${bytes} bytes, more than ${maxBytes}`,
      "split it into several files",
    );
  }
  const documents = text.match(/^---/gm)?.length ?? 0;
  if (documents > maxDocuments) {
    return refuse(
      `the file has more than ${maxDocuments} documents`,
      "split it into several files",
    );
  }
  const lines = new LineCounter();
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const tooDeep = "write the file as plain, shallow YAML; nothing in it needs more than ten levels";
  const deep = firstTooDeep(text);
  if (deep !== null) {
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
      lines.addNewLine(at + 1);
    }
    return refuse(`nested deeper than ${maxDepth} levels`, tooDeep, position(deep));
  }

  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false, // reported by us, with the place of the second key
      schema: "core",
      version: "1.2",
    });
    const reader = new Reader(position);
    const read = (Array.isArray(parsed) ? parsed : []).flatMap((document) =>
      reader.document(document, text),
    );
    return { documents: read, problems: reader.problems };
  } catch (error) {
    if (error instanceof RangeError) return refuse("nested too deeply", tooDeep);
    throw error;
  }
}

/**
 * Offset at which nesting passes the limit. Quotes and comments are not told apart, hence a limit far
 * above `maxDepth`; it keeps the parser, whose cost grows with depth, from hostile input.
 */
function firstTooDeep(text: string): number | null {
  const limit = maxDepth * 8;
  const token = /[[{\]}\n]|(?<=^|[ \t\n])[-?](?=[ \t])/g;
  let brackets = 0;
  let dashes = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found === "\n") dashes = 0;
    else if (found === "[" || found === "{") brackets += 1;
    else if (found === "]" || found === "}") brackets = Math.max(0, brackets - 1);
    else dashes += 1;
    if (brackets > limit || dashes > limit) return index;
  }
  const indented = text.search(new RegExp(`^[ \\t]{${limit},}`, "m"));
  return indented === -1 ? null : indented;
}

class Reader {
  readonly problems: Problem[] = [];
  readonly #position: (offset: number) => string;

  constructor(position: (offset: number) => string) {
    this.#position = position;
  }

  document(document: Document.Parsed, text: string): SourceDocument[] {
    // Warnings are about tags, which are refused below.
    for (const error of document.errors) this.#yamlError(error);
    if (document.errors.length > 0) return [];
    const root = document.contents;
    if (root === null || (isScalar(root) && root.value === null)) return [];
    return [this.#locator(root, this.#value(root, 0), text)];
  }

  #locator(root: Node, value: unknown, text: string): SourceDocument {
    const find = (path: Path, ofKey: boolean): { node: unknown; offset: number } => {
      let node: unknown = root;
      let offset = root.range?.[0] ?? 0;
      for (const part of path) {
        const item = isMap(node)
          ? node.items.find((pair) => isScalar(pair.key) && keyText(pair.key) === String(part))
          : undefined;
        const next = item ? item.value : isSeq(node) ? node.items[Number(part)] : undefined;
        const start = ofKey && item ? rangeOf(item.key) : rangeOf(next);
        const fallback = item ? rangeOf(item.key) : undefined;
        if (item === undefined && next === undefined) break;
        offset = start ?? fallback ?? offset;
        node = next;
      }
      return { node, offset };
    };
    return {
      value,
      at: (path) => this.#position(find(path, false).offset),
      atKey: (path) => this.#position(find(path, true).offset),
      within: (path, at) => {
        const { node, offset } = find(path, false);
        const inside = isScalar(node) && typeof node.value === "string" ? node : null;
        if (inside === null) return this.#position(offset);
        const end = inside.range?.[1] ?? offset;
        const block = inside.type === "BLOCK_LITERAL" || inside.type === "BLOCK_FOLDED";
        return this.#position(
          offset + sourceOffset(text.slice(offset, end), String(inside.value), at, block),
        );
      },
    };
  }

  #value(node: unknown, depth: number): unknown {
    if (depth > maxDepth) {
      this.#report(node, `nested deeper than ${maxDepth} levels`, "write it shallower");
      return undefined;
    }
    if (isAlias(node)) {
      const hint = "write the value out; anchors and aliases are not read here";
      this.#report(node, `\`*${printable(node.source, 64)}\` is an alias`, hint);
      return undefined;
    }
    if (hasTag(node)) {
      const tag = printable(node.tag, 64);
      this.#report(node, `the tag \`${tag}\` is not read here`, tagHint);
      return undefined;
    }
    if (isMap(node)) return this.#map(node, depth);
    if (isSeq(node)) return node.items.map((item) => this.#value(item, depth + 1));
    if (isScalar(node)) return this.#scalar(node);
    return null;
  }

  #map(node: { items: { key: unknown; value: unknown }[] }, depth: number): unknown {
    const result: Record<string, unknown> = {};
    const seen = new Map<string, unknown>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) && !hasTag(key) ? keyText(key) : null;
      if (name === null) {
        this.#report(
          key ?? value,
          "this key is not plain text",
          "write `key: value` with a plain key",
        );
        continue;
      }
      if (name === "<<") {
        this.#report(key, "merge keys (`<<`) are not read here", "write the keys out");
        continue;
      }
      if (name === "__proto__") {
        this.#report(key, "`__proto__` cannot be a key", "use another name");
        continue;
      }
      if (seen.has(name)) {
        const first = this.#position(rangeOf(seen.get(name)) ?? 0);
        const hint = `it stands at ${first} already; keep one of them`;
        this.#report(key, `the key \`${printable(name, 64)}\` is there twice`, hint);
        continue;
      }
      seen.set(name, key);
      result[name] = this.#value(value, depth + 1);
    }
    return result;
  }

  #scalar(node: { value: unknown }): unknown {
    const value = node.value;
    if (typeof value === "string" && (!value.isWellFormed() || value.includes("\0"))) {
      const hint = "use printable text";
      this.#report(
        node,
        `${printable(JSON.stringify(value), 64)} has a character that no program takes`,
        hint,
      );
      return undefined;
    }
    if (typeof value === "number" && !Number.isFinite(value)) {
      this.#report(node, `${value} is not a usable number`, "write a plain number");
      return undefined;
    }
    return value;
  }

  #report(node: unknown, message: string, hint: string): void {
    this.problems.push({ where: this.#position(rangeOf(node) ?? 0), message, hint });
  }

  #yamlError(error: YAMLError): void {
    const hint = yamlHints[error.code];
    const where = this.#position(error.pos[0]);
    const sentence = printable(error.message.replace(/\s+/g, " "));
    const message = `not valid YAML: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
    this.problems.push({ where, message, ...(hint === undefined ? {} : { hint }) });
  }
}

// A rule such as `!a.b` is read as a tag: without its `!` it would say the opposite.
const tagHint = "put text that begins with `!` in double quotes; a tag has to go";

const yamlHints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "indent with spaces, for example two a level",
  BAD_INDENT: "compare the indentation with the lines above; use spaces, for example two a level",
  MULTILINE_IMPLICIT_KEY:
    "a key and its colon stand on one line; is a colon or a quote missing above?",
  BLOCK_AS_IMPLICIT_KEY: "start the nested keys on a line of their own, or put the text in quotes",
  MISSING_CHAR:
    "close the quote, bracket or brace, or write `key: value` with a space after the colon",
  UNEXPECTED_TOKEN: "put text that holds : # [ ] { } , & * ! | > ' \" % @ ` in double quotes",
  BAD_SCALAR_START: "put the text in double quotes",
  TAG_RESOLVE_FAILED: tagHint,
};

/**
 * Where a character of a value stands in the text that was written for it: both are walked together, past quotes,
 * indentation, folded line ends and escapes. What cannot be followed ends at the text's beginning.
 */
function sourceOffset(source: string, value: string, offset: number, block: boolean): number {
  // `|-`, `>2`: the header's line.
  let at = block ? source.indexOf("\n") + 1 : 0;
  for (let index = 0; index <= offset && index < value.length; index += 1) {
    const wanted = value.charAt(index);
    const blank = /\s/.test(wanted);
    const last = index === offset;
    while (at < source.length && source.charAt(at) !== wanted) {
      if (blank && /\s/.test(source.charAt(at))) break;
      at += 1;
    }
    if (at >= source.length) return 0;
    if (last) return at;
    at += 1;
  }
  return Math.min(at, source.length);
}

function keyText(key: { value: unknown }): string | null {
  const value = key.value;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : null;
}

function hasTag(node: unknown): node is { tag: string } {
  return typeof node === "object" && node !== null && "tag" in node && typeof node.tag === "string";
}

function rangeOf(node: unknown): number | undefined {
  const range =
    typeof node === "object" && node !== null && "range" in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}
