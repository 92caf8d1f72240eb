import { digestOf } from "../model/canonical.ts";
import type { Decision, Reason } from "../model/decision.ts";

/** Of a list that no entry could hold the beginning stands in it; the digest speaks of all. */
const mostReasons = 100;
const mostCharacters = 400;

/**
 * What the ledger's entry says of a decision. Whoever decides again compares this, canonical byte for byte: the
 * digest is of the whole decision, every reason at its length.
 */
export function decisionRecord(whole: Decision): Readonly<Record<string, unknown>> {
  const { outcome, reasons, grades, inputs, evaluator, policy, brokenGlass } = whole;
  return {
    outcome,
    decision: digestOf(whole),
    reasons: reasons.slice(0, mostReasons).map(shortened),
    grades,
    inputs,
    ...(evaluator === undefined ? {} : { evaluator }),
    ...(policy === undefined ? {} : { policy }),
    ...(brokenGlass === undefined ? {} : { brokenGlass }),
  };
}

function shortened(reason: Reason): Reason {
  return { ...reason, message: reason.message.slice(0, mostCharacters) };
}
