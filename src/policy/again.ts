import { canonicalJson, digestOf } from "../model/canonical.ts";
import type { Decision } from "../model/decision.ts";
import { evaluator } from "./decide.ts";
import { replay } from "./replay.ts";

/** What making a kept decision once more came to. */
export interface Again {
  /** `unknown`: it cannot be made again here, which says nothing against it and nothing for it. */
  readonly result: "same" | "differs" | "unknown";
  /** Digest of the whole decision, as it follows now; null where nothing follows. */
  readonly recomputed: string | null;
  /** Where they part, or why nobody can tell. */
  readonly why: readonly string[];
}

/**
 * Holds a decision against what follows from its inputs by the rules of this program.
 *
 * @param decision as it was written down
 * @param text the inputs as they were kept; null: they are gone
 * @param digest of that text, as the caller computed it
 */
export function decidedAgain(
  decision: Decision,
  text: string | null,
  digest: string | null,
): Again {
  const unknown = (why: string): Again => ({ result: "unknown", recomputed: null, why: [why] });
  const differs = (why: string, recomputed: string | null = null): Again => {
    return { result: "differs", recomputed, why: [why] };
  };
  if (decision.evaluator === undefined) {
    return unknown("it was made by a version that kept no inputs");
  }
  if (text === null) return unknown("its inputs are not kept any more");
  if (digest !== decision.inputs) {
    return differs(`its inputs do not have the digest that it names (${decision.inputs})`);
  }
  if (decision.evaluator !== evaluator) {
    return unknown(`decided by evaluator ${decision.evaluator}, this program has ${evaluator}`);
  }
  const again = replay(text);
  if (!again.ok) return differs(`its inputs are not those of a decision: ${again.problem}`);
  const found = again.decided.decision;
  const recomputed = digestOf(found);
  const parts = [...new Set([...Object.keys(decision), ...Object.keys(found)])].sort();
  const said: Readonly<Record<string, unknown>> = { ...decision };
  const follows: Readonly<Record<string, unknown>> = { ...found };
  const why = parts
    .filter((part) => textOf(said[part]) !== textOf(follows[part]))
    .map((part) =>
      part === "outcome"
        ? `it says ${decision.outcome}, and from its inputs follows ${found.outcome}`
        : `its ${part} ${part.endsWith("s") ? "are" : "is"} not what follows from its inputs`,
    );
  return { result: why.length === 0 ? "same" : "differs", recomputed, why };
}

function textOf(value: unknown): string {
  return value === undefined ? "" : canonicalJson(value);
}
