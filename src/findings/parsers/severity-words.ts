import type { Severity } from "../../model/observation.ts";

const words: ReadonlyMap<string, Severity> = new Map([
  ["critical", "critical"],
  ["high", "high"],
  ["medium", "medium"],
  ["moderate", "medium"],
  ["low", "low"],
  ["info", "info"],
  ["information", "info"],
  ["informational", "info"],
]);

/** The words that most tools share, in any case. Null for every other one: nobody knows, so it counts as critical. */
export function severityOfWord(word: unknown): Severity | null {
  return typeof word === "string" ? (words.get(word.trim().toLowerCase()) ?? null) : null;
}
