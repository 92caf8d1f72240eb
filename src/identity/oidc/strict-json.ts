import { bad, good, type Result } from "../../evidence/result.ts";
import { ambiguity } from "../../model/json-ambiguity.ts";

/** A JSON object that says one thing to every parser: what is signed has one meaning. */
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
  const problem = ambiguity(text);
  if (problem !== null) return bad(`${what} is not taken: ${problem}`);
  return good(value as Record<string, unknown>);
}
