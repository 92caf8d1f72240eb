import type { FastifyInstance } from "fastify";
import { TidelockError } from "../../model/errors.ts";

/** Deeper than any document of ours, and far from where a recursive reader runs out of stack. */
const deepest = 64;

/**
 * Bodies of calls: JSON whose meaning no two readers can differ about (RFC 8259 4: names within an object SHOULD be
 * unique), not nested without end, and without `__proto__` or `constructor.prototype` (Fastify's own parser).
 */
export function registerStrictJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    const problem = ambiguity(String(body));
    if (problem !== null) {
      done(
        new TidelockError("invalid-input", `this JSON is not taken: ${problem}`, {
          fault: "operator",
          where: "request body",
          hint: `name each field once, and nest no deeper than ${deepest}`,
        }),
      );
      return;
    }
    void parse(request, String(body), done);
  });
}

/** A name that stands twice in an object, or nesting without end; null for what has neither, JSON or not. */
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
      if (open.length >= deepest) return "it is nested too deeply";
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
