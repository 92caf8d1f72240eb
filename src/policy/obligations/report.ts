import type { ObligationInput } from "./grounds.ts";
import { proofsOf, type ShownProof, type ShownState, stateOf } from "./shown.ts";

/** One requirement or threat, and what was shown of it. */
export interface ReportedObligation {
  readonly kind: "requirement" | "threat";
  readonly id: string;
  readonly text: string;
  readonly state: ShownState;
  /** What is missing, as a sentence; null: nothing. */
  readonly why: string | null;
  readonly proofs: readonly ShownProof[];
}

/**
 * Each requirement and threat that a gate asks for: passed, failed or not run, by the same rules as the gate's own reasons
 * (`obligationGrounds`): what is `pass` here is exactly what is let through there. Pure.
 *
 * @param now RFC 3339
 */
export function reportOf(
  { asked, runs }: Pick<ObligationInput, "asked" | "runs">,
  environment: string,
  now: string,
): readonly ReportedObligation[] {
  return asked.map(({ kind, id, text, proofs }) => {
    const shown = proofsOf({ proofs }, runs, environment, now);
    const lacking =
      shown.find(({ state }) => state === "fail") ?? shown.find(({ lack }) => lack !== null);
    const state = stateOf(shown);
    const nothing = state === "pass" ? null : "nothing could show it";
    return {
      kind,
      id,
      text,
      state,
      why: lacking ? `${lacking.name} ${lacking.lack}` : nothing,
      proofs: shown,
    };
  });
}
