// First: schemas ask at once.
import "./no-eval.ts";
import type { WaiverView } from "../../../src/api/routes/waivers.ts";
import { waiverStatement, waiverText } from "../../../src/evidence/predicates/waiver-consent.ts";
import { type Prepared, prepareStatement } from "./sign.ts";

/** The signature under a waiver as it would be given. */
export function prepareWaiver({ waived }: WaiverView, person: string): Prepared {
  return prepareStatement(waiverText(waived, person), waiverStatement(waived, person));
}

/** Why nobody should sign it; null: its number is the one that would be signed. */
export function waiverProblem({ id, waived }: WaiverView): string | null {
  return waived.waiver === id ? null : "the number is not the one that would be signed";
}
