import { runInNewContext } from "node:vm";

/** What a pattern is tried on; the rest of a body is not looked at. */
const maxText = 256 * 1024;
const limitMs = 500;

export type MatchResult = "match" | "no-match" | "too-slow";

/**
 * Tries a pattern from a configuration on text from a service. Either may be hostile, and a pattern can
 * take exponential time; the engine's regular expressions obey the time limit of a `vm` run.
 */
export function safeMatch(pattern: string, text: string, withinMs = limitMs): MatchResult {
  return safeExec(pattern, text, withinMs).result;
}

/** The same, with the groups of the first match (the whole match first). */
export function safeExec(
  pattern: string,
  text: string,
  withinMs = limitMs,
): { result: MatchResult; groups: readonly string[] } {
  try {
    const found: unknown = runInNewContext(
      "JSON.stringify(new RegExp(pattern).exec(text))",
      { pattern, text: text.slice(0, maxText) },
      { timeout: withinMs },
    );
    const groups: unknown = typeof found === "string" ? JSON.parse(found) : null;
    if (!Array.isArray(groups)) return { result: "no-match", groups: [] };
    return { result: "match", groups: groups.map((group) => String(group ?? "")) };
  } catch (error) {
    // The error may be another realm's, so `instanceof` does not know it.
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
    if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return { result: "too-slow", groups: [] };
    throw error;
  }
}

/** For schemas: whether it is a regular expression at all. */
export function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
