import { bad, good, type Result } from "../../evidence/result.ts";

/**
 * A JSON object in which no member stands twice, at any depth: parsers differ in which of the two they take, so that two
 * programs would read two different things under one signature (RFC 8259 4, RFC 7519 4).
 */
export function readStrictObject(text: string, what: string): Result<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad(`${what} is not JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return bad(`${what} is no JSON object`);
  }
  const twice = memberTwice(text);
  if (twice) return bad(`${what} has a member twice`);
  return good(value as Record<string, unknown>);
}

/** Of text that is JSON. Names are compared as what they mean: `a` and its escape are one. */
function memberTwice(text: string): boolean {
  /** For each open object its names so far; null: an array. */
  const open: (Set<string> | null)[] = [];
  const tokens = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g;
  for (const [token, quoted, colon] of text.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else {
      const names = open.at(-1);
      if (!names || colon === undefined) continue;
      const name: unknown = JSON.parse(quoted ?? "");
      if (typeof name !== "string") continue;
      if (names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
}
