import { reportError } from "./report-error.ts";

export interface XmlHandler {
  open(name: string, attributes: ReadonlyMap<string, string>): void;
  /** A part of the text between tags; there may be many for one. */
  text(text: string): void;
  close(name: string): void;
}

/** A tag and a document type are held as a whole; text and comments are not. */
const longestTag = 1_024 * 1_024;
const noDeclarations = "a DOCTYPE that declares something (entities, elements) is not accepted";
const longestDeclaration = 1_000;

type Inside = "content" | "comment" | "instruction" | "cdata";

/**
 * Reads XML 1.0 as its text arrives, whatever the boundaries, linear in its length. No entity but the five of XML and
 * character references: a document type with declarations of its own (XML bombs, external entities) is refused, never
 * expanded. Namespaces are kept as prefixes. Throws with the offset (in characters) for whatever is not well formed.
 */
export class XmlReader {
  readonly #handler: XmlHandler;
  readonly #deepest: number;
  readonly #stack: string[] = [];
  #buffer = "";
  #at = 0;
  #before = 0;
  #lines = 1;
  #inside: Inside = "content";
  /** How far the tag at hand was looked through, from where it begins, and within which quotes. */
  #looked = 0;
  #quote = "";
  #hadRoot = false;

  constructor(handler: XmlHandler, { depth }: { depth: number }) {
    this.#handler = handler;
    this.#deepest = depth;
  }

  write(text: string): void {
    const start = this.#before === 0 && this.#buffer === "" && text.startsWith("\uFEFF") ? 1 : 0;
    this.#drop();
    this.#buffer += start === 0 ? text : text.slice(1);
    this.#read(false);
  }

  end(): void {
    this.#drop();
    this.#read(true);
    if (this.#stack.length > 0)
      throw this.#wrong(`${this.#stack.at(-1)?.slice(0, 100)} is not closed`);
    if (!this.#hadRoot) throw this.#wrong("there is no document");
  }

  #drop(): void {
    if (this.#at === 0) return;
    for (let end = this.#buffer.indexOf("\n"); end !== -1 && end < this.#at;) {
      this.#lines += 1;
      end = this.#buffer.indexOf("\n", end + 1);
    }
    this.#before += this.#at;
    this.#buffer = this.#buffer.slice(this.#at);
    this.#at = 0;
  }

  readonly #wrong = (why: string, further = 0): Error => {
    const at = this.#at + further;
    const line = this.#lines + (this.#buffer.slice(0, at).match(/\n/g)?.length ?? 0);
    return reportError(`XML at offset ${this.#before + at}, line ${line}: ${why}`);
  };

  #read(last: boolean): void {
    while (this.#at < this.#buffer.length && this.#step(last));
  }

  /** False when it needs more text. */
  #step(last: boolean): boolean {
    switch (this.#inside) {
      case "comment":
        return this.#passTo("-->", last);
      case "instruction":
        return this.#passTo("?>", last);
      case "cdata":
        return this.#passTo("]]>", last, (text) => this.#handler.text(text));
      case "content":
        return this.#content(last);
    }
  }

  #passTo(end: string, last: boolean, take?: (text: string) => void): boolean {
    const found = this.#buffer.indexOf(end, this.#at);
    if (found === -1 && last) throw this.#wrong(`${end} is missing`);
    // The end's own first characters may stand at the end of what is there.
    const upTo = found === -1 ? Math.max(this.#at, this.#buffer.length - end.length + 1) : found;
    if (upTo > this.#at) take?.(this.#buffer.slice(this.#at, upTo));
    this.#at = upTo;
    if (found === -1) return false;
    this.#at += end.length;
    this.#inside = "content";
    return true;
  }

  #content(last: boolean): boolean {
    const next = this.#buffer.indexOf("<", this.#at);
    if (next !== this.#at) return this.#text(next, last);
    if (!last && this.#buffer.length - this.#at < "<![CDATA[".length) return false;
    const starts = (mark: string) => this.#buffer.startsWith(mark, this.#at);
    if (starts("<!--")) return this.#enter("comment", 4);
    if (starts("<?")) return this.#enter("instruction", 2);
    if (starts("<![CDATA[")) {
      if (this.#stack.length === 0) throw this.#wrong("text outside of the document");
      return this.#enter("cdata", 9);
    }
    if (starts("<!")) return this.#documentType(last);
    return starts("</") ? this.#endTag(last) : this.#startTag(last);
  }

  #enter(inside: Inside, length: number): true {
    this.#inside = inside;
    this.#at += length;
    return true;
  }

  #text(next: number, last: boolean): boolean {
    let end = next === -1 ? this.#buffer.length : next;
    if (next === -1 && !last) {
      // A reference that is not whole yet.
      const and = this.#buffer.lastIndexOf("&");
      if (and >= this.#at && end - and < 12 && this.#buffer.indexOf(";", and) === -1) end = and;
    }
    const text = this.#buffer.slice(this.#at, end);
    if (this.#stack.length > 0) this.#handler.text(decode(text, this.#wrong));
    else if (text.trim() !== "") throw this.#wrong("text outside of the document");
    const moved = end > this.#at;
    this.#at = end;
    return moved && next !== -1;
  }

  /** Where the character stands that ends a declaration or an end tag; null when it needs more text. */
  #upTo(last: boolean, most: number, why: string): number | null {
    const end = this.#buffer.indexOf(">", this.#at);
    if (end !== -1 && end - this.#at <= most) return end;
    if (end !== -1 || last || this.#buffer.length - this.#at > most) throw this.#wrong(why);
    return null;
  }

  #documentType(last: boolean): boolean {
    const end = this.#upTo(last, longestDeclaration, noDeclarations);
    if (end === null) return false;
    const plain = /^<!DOCTYPE\s+[\w:.-]{1,100}\s*(?:(?:SYSTEM|PUBLIC)\s[^[]*)?>$/;
    const whole = this.#buffer.slice(this.#at, end + 1);
    if (!plain.test(whole) || this.#hadRoot) throw this.#wrong(noDeclarations);
    this.#at = end + 1;
    return true;
  }

  #endTag(last: boolean): boolean {
    const end = this.#upTo(last, longestTag, "> is missing");
    if (end === null) return false;
    const name = this.#buffer.slice(this.#at + 2, end).trim();
    if (this.#stack.pop() !== name) throw this.#wrong("an end without its start");
    this.#handler.close(name);
    this.#at = end + 1;
    return true;
  }

  #startTag(last: boolean): boolean {
    if (!this.#tagIsWhole()) {
      if (last || this.#buffer.length - this.#at > longestTag) {
        this.#named();
        throw this.#wrong("> is missing");
      }
      return false;
    }
    if (this.#stack.length === 0 && this.#hadRoot) throw this.#wrong("a second document");
    this.#hadRoot = true;
    if (this.#stack.length >= this.#deepest) throw this.#wrong("nested too deeply");
    const name = this.#named();
    const { attributes, empty, end } = readAttributes(
      this.#buffer,
      this.#at + 1 + name.length,
      name,
      this.#wrong,
    );
    this.#at = end;
    this.#looked = 0;
    this.#quote = "";
    this.#handler.open(name, attributes);
    if (empty) this.#handler.close(name);
    else this.#stack.push(name);
    return true;
  }

  #named(): string {
    const names = /[A-Za-z_][\w:.-]*/y;
    names.lastIndex = this.#at + 1;
    const name = names.exec(this.#buffer)?.[0];
    if (name === undefined) throw this.#wrong("a name is missing");
    return name;
  }

  /** Looks for the `>` that stands in no value; what was looked through once is not again. */
  #tagIsWhole(): boolean {
    let at = this.#at + this.#looked;
    const marks = /["'>]/g;
    for (;;) {
      if (this.#quote !== "") {
        const end = this.#buffer.indexOf(this.#quote, at);
        if (end === -1) break;
        this.#quote = "";
        at = end + 1;
      }
      marks.lastIndex = at;
      const found = marks.exec(this.#buffer);
      if (found === null) break;
      if (found[0] === ">") return true;
      this.#quote = found[0];
      at = found.index + 1;
    }
    this.#looked = this.#buffer.length - this.#at;
    return false;
  }
}

/** `further`: how far behind the place at hand, in characters. */
type Wrong = (why: string, further?: number) => Error;

function readAttributes(text: string, from: number, name: string, wrong: Wrong) {
  const attributes = new Map<string, string>();
  const part = /\s+([A-Za-z_][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
  const ending = /\s*(\/?)>/y;
  let at = from;
  for (;;) {
    ending.lastIndex = at;
    const ended = ending.exec(text);
    if (ended) return { attributes, empty: ended[1] === "/", end: ending.lastIndex };
    part.lastIndex = at;
    const found = part.exec(text);
    if (!found) throw wrong(`the attributes of ${name.slice(0, 100)} cannot be read`);
    const key = found[1] ?? "";
    if (attributes.has(key)) {
      throw wrong(`${name.slice(0, 100)} has the attribute ${key.slice(0, 100)} twice`);
    }
    attributes.set(key, decode(found[2] ?? found[3] ?? "", wrong));
    at = part.lastIndex;
  }
}

const named: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function decode(text: string, wrong: Wrong): string {
  if (!text.includes("&")) return text;
  return text.replace(/&([^;&]{0,10};)?/g, (_, reference: string | undefined, at: number) => {
    const word = reference?.slice(0, -1) ?? "";
    const known = Object.hasOwn(named, word) ? named[word] : undefined;
    if (known !== undefined) return known;
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(word) ?? [];
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    if (!(code >= 0 && code <= 0x10_ff_ff)) {
      throw wrong(`an entity that XML does not know: &${word.replace(/\W/g, "")};`, at);
    }
    return String.fromCodePoint(code);
  });
}
