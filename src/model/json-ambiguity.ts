/** Deeper than any document of ours, and far from where a recursive reader runs out of stack. */
export const deepestJson = 64;

/**
 * A name that stands twice in an object, or nesting without end; null for what has neither, JSON or not. Parsers differ in
 * which of the two they take, so that two programs would read two different things (RFC 8259 4, RFC 7519 4). Names are
 * compared as what they mean: `a` and its escape are one.
 */
export function ambiguity(text: string): string | null {
  /** Names of the objects that are open; null: an array. */
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === quote) {
      const end = endOfString(text, at);
      const names = open.at(-1);
      if (names && isName(text, end)) {
        const name = unescaped(text.slice(at, end + 1));
        if (names.has(name))
          return `${JSON.stringify(name.slice(0, 60))} stands twice in one object`;
        names.add(name);
      }
      at = end;
    } else if (char === brace || char === bracket) {
      if (open.length >= deepestJson) return "it is nested too deeply";
      open.push(char === brace ? new Set() : null);
    } else if (char === endBrace || char === endBracket) open.pop();
  }
  return null;
}

const [quote, backslash, brace, bracket, endBrace, endBracket, colon] = [
  34, 92, 123, 91, 125, 93, 58,
];

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === backslash) at += 1;
    else if (char === quote) return at;
  }
  return text.length;
}

/** A string that a colon follows. */
function isName(text: string, end: number): boolean {
  for (let at = end + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === colon) return true;
    if (char !== 32 && char !== 9 && char !== 10 && char !== 13) return false;
  }
  return false;
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}
