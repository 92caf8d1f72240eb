/**
 * Enough of HTML's tokenizer (WHATWG 13.2.5) to know what a browser would take for an element, and what for
 * text. Linear in the length of what it reads, which is hostile.
 */
export interface Element {
  /** Lower case. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** What stands in an element whose content is text: script, style, textarea, title. */
  readonly text: string;
  readonly closing: boolean;
}

const rawText = new Set([
  "script",
  "style",
  "textarea",
  "title",
  "xmp",
  "iframe",
  "noembed",
  "noframes",
]);
const mostElements = 20_000;

export function readElements(html: string): readonly Element[] {
  const elements: Element[] = [];
  const lower = html.toLowerCase();
  let at = 0;
  while (elements.length < mostElements) {
    const open = html.indexOf("<", at);
    if (open === -1) break;
    if (html.startsWith("<!--", open)) {
      const end = html.indexOf("-->", open + 4);
      at = end === -1 ? html.length : end + 3;
      continue;
    }
    const closing = html[open + 1] === "/";
    const first = html[open + (closing ? 2 : 1)] ?? "";
    if (!/[a-z]/i.test(first)) {
      const bogus = /[!?/]/.test(html[open + 1] ?? "");
      const end = bogus ? html.indexOf(">", open + 1) : open;
      at = end === -1 ? html.length : end + 1;
      continue;
    }
    const tag = readTag(html, open + (closing ? 2 : 1));
    at = tag.end;
    let text = "";
    if (!closing && rawText.has(tag.name)) {
      const end = endOfRaw(lower, tag.name, at);
      text = html.slice(at, end);
      at = end;
    }
    elements.push({ name: tag.name, attributes: tag.attributes, text, closing });
  }
  return elements;
}

/** `</script` counts only when the name ends there. */
function endOfRaw(lower: string, name: string, from: number): number {
  for (let at = from; ; at += 1) {
    at = lower.indexOf(`</${name}`, at);
    if (at === -1) return lower.length;
    if (/[\s/>]/.test(lower[at + name.length + 2] ?? ">")) return at;
  }
}

function readTag(
  html: string,
  from: number,
): { name: string; attributes: Map<string, string>; end: number } {
  const length = html.length;
  let at = from;
  const until = (stop: RegExp): string => {
    const start = at;
    while (at < length && !stop.test(html[at] ?? "")) at += 1;
    return html.slice(start, at);
  };
  const skip = (what: RegExp) => {
    while (at < length && what.test(html[at] ?? "")) at += 1;
  };
  const name = until(/[\s/>]/).toLowerCase();
  const attributes = new Map<string, string>();
  while (at < length) {
    skip(/[\s/]/);
    if (html[at] === ">" || at >= length) break;
    // An equals sign at the beginning belongs to the name.
    const head = html[at] === "=" ? "=" : "";
    if (head !== "") at += 1;
    const attribute = (head + until(/[\s/>=]/)).toLowerCase();
    skip(/\s/);
    let value = "";
    if (html[at] === "=") {
      at += 1;
      skip(/\s/);
      const quote = html[at];
      if (quote === '"' || quote === "'") {
        const end = html.indexOf(quote, at + 1);
        value = html.slice(at + 1, end === -1 ? length : end);
        at = end === -1 ? length : end + 1;
      } else value = until(/[\s>]/);
    }
    if (!attributes.has(attribute)) attributes.set(attribute, decodeEntities(value));
  }
  return { name, attributes, end: Math.min(length, at + 1) };
}

const named: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  colon: ":",
  tab: "\t",
  newline: "\n",
};

export function decodeEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});?/gi, (whole, entity: string) => {
    if (!entity.startsWith("#")) return named[entity.toLowerCase()] ?? whole;
    const hex = /^#x/i.test(entity);
    const code = Number.parseInt(entity.slice(hex ? 2 : 1), hex ? 16 : 10);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000)
      ? String.fromCodePoint(code)
      : "\ufffd";
  });
}

export function escapeHtml(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);
}
