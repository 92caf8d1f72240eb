/** An element; text between its children is not kept apart from its own. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  readonly text: string;
}

/** No scanner's report nests deeper; a hostile one might. */
const maxDepth = 200;
const maxElements = 1_000_000;

interface Open {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  text: string;
}

/**
 * Reads a report in XML 1.0, linear in its length. No entity but the five of XML and character references:
 * a document type with declarations of its own (XML bombs, external entities) is refused, never expanded.
 * Namespaces are kept as prefixes. Throws with the offset for whatever is not well formed.
 */
export function parseXml(text: string): Element {
  const stack: Open[] = [];
  let root: Element | undefined;
  let elements = 0;
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  const wrong = (why: string): Error => new Error(`XML at offset ${at}: ${why}`);
  const upTo = (end: string, from: number): number => {
    const found = text.indexOf(end, from);
    if (found === -1) throw wrong(`${end} is missing`);
    return found;
  };
  const close = (open: Open): void => {
    const parent = stack.at(-1);
    if (parent) parent.children.push(open);
    else root = open;
  };

  while (at < text.length) {
    const next = text.indexOf("<", at);
    const between = text.slice(at, next === -1 ? undefined : next);
    const parent = stack.at(-1);
    if (parent) parent.text += decode(between, wrong);
    else if (between.trim() !== "") throw wrong("text outside of the document");
    if (next === -1) break;
    at = next;
    if (text.startsWith("<!--", at)) at = upTo("-->", at + 4) + 3;
    else if (text.startsWith("<?", at)) at = upTo("?>", at + 2) + 2;
    else if (text.startsWith("<![CDATA[", at)) {
      if (!parent) throw wrong("text outside of the document");
      const end = upTo("]]>", at + 9);
      parent.text += text.slice(at + 9, end);
      at = end + 3;
    } else if (text.startsWith("<!", at)) {
      const end = upTo(">", at);
      const plain = /^<!DOCTYPE\s+[\w:.-]{1,100}\s*(?:(?:SYSTEM|PUBLIC)\s[^[]*)?>$/;
      if (end - at > 1_000 || !plain.test(text.slice(at, end + 1)) || root || parent) {
        throw wrong("declarations are not accepted");
      }
      at = end + 1;
    } else if (text.startsWith("</", at)) {
      const end = upTo(">", at);
      const open = stack.pop();
      if (!open || open.name !== text.slice(at + 2, end).trim())
        throw wrong("an end without its start");
      close(open);
      at = end + 1;
    } else {
      if (root) throw wrong("a second document");
      elements += 1;
      if (elements > maxElements) throw wrong("too many elements");
      if (stack.length >= maxDepth) throw wrong("nested too deeply");
      const { open, empty, end } = readStart(text, at, wrong);
      at = end;
      if (empty) close(open);
      else stack.push(open);
    }
  }
  if (stack.length > 0) throw wrong(`${stack.at(-1)?.name} is not closed`);
  if (!root) throw wrong("there is no document");
  return root;
}

type Wrong = (why: string) => Error;

function readStart(
  text: string,
  from: number,
  wrong: Wrong,
): { open: Open; empty: boolean; end: number } {
  const names = /[A-Za-z_][\w:.-]*/y;
  names.lastIndex = from + 1;
  const name = names.exec(text)?.[0];
  if (name === undefined) throw wrong("a name is missing");
  const attributes = new Map<string, string>();
  const part = /\s+([A-Za-z_][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
  const end = /\s*(\/?)>/y;
  let at = from + 1 + name.length;
  for (;;) {
    end.lastIndex = at;
    const ended = end.exec(text);
    if (ended) {
      const open = { name, attributes, children: [], text: "" };
      return { open, empty: ended[1] === "/", end: end.lastIndex };
    }
    part.lastIndex = at;
    const found = part.exec(text);
    if (!found) throw wrong(`the attributes of ${name} cannot be read`);
    const key = found[1] ?? "";
    if (attributes.has(key)) throw wrong(`${name} has the attribute ${key} twice`);
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
  return text.replace(/&([^;&]{0,10};)?/g, (_, reference: string | undefined) => {
    const word = reference?.slice(0, -1) ?? "";
    const known = Object.hasOwn(named, word) ? named[word] : undefined;
    if (known !== undefined) return known;
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(word) ?? [];
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    if (!(code >= 0 && code <= 0x10_ff_ff))
      throw wrong(`an entity that XML does not know: &${word};`);
    return String.fromCodePoint(code);
  });
}

/** The children of that name. */
export function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => child.name === name);
}

export function childOf(element: Element, name: string): Element | undefined {
  return element.children.find((child) => child.name === name);
}

export function attributeOf(element: Element | undefined, name: string): string | undefined {
  return element?.attributes.get(name);
}

/** What a format's `open` is given of an XML document: its root without its items. Throws for another root. */
export function rootOf(frame: unknown, name: string): Element {
  const root = frame as Element;
  if (root.name !== name) throw new Error(`<${name}> is missing, not <${root.name}>`);
  return root;
}
