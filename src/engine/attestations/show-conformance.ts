import type { ConformanceView } from "../../api/routes/checks.ts";
import { TidelockError } from "../../model/errors.ts";
import { conformance } from "../../evidence/predicates/conformance.ts";
import { verifyOwnEvidence } from "../../evidence/predicates/predicate.ts";
import { ownAttestationsAbout } from "../../store/queries/attestations.ts";
import { existingPromotion } from "../promotions/abort.ts";
import { trustedEvidenceKeys } from "./attest.ts";
import { attestationBytes } from "./attest-material.ts";
import { knownPlan } from "./attest-promotion.ts";
import { conformanceAddress } from "./conformance.ts";
import type { Engine } from "../engine.ts";

/** The newest report of a promotion, as it was signed; refused when its signature or address does not hold. */
export async function showConformance(engine: Engine, id: string): Promise<ConformanceView> {
  const promotion = await existingPromotion(engine.db, id);
  const plan = knownPlan(promotion);
  const row = (await ownAttestationsAbout(engine.db, [promotion.id], conformance.type)).at(-1);
  if (!plan || !row) {
    throw new TidelockError("not-found", "there is no conformance report of this promotion", {
      fault: "operator",
      where: promotion.id,
      hint: "it is made when the gate before the switch has decided; a rollback has none",
    });
  }
  const bytes = await attestationBytes(engine, row);
  const found = verifyOwnEvidence(bytes, conformance, {
    keys: await trustedEvidenceKeys(engine.db),
    expected: conformanceAddress(plan, promotion.id),
  });
  if (!found.ok) {
    throw new TidelockError(
      "digest-mismatch",
      `the stored report does not hold: ${found.problem}`,
      {
        where: row.digest,
        hint: "somebody changed the database: run `tidelock ledger verify --state`",
      },
    );
  }
  return { statement: row.digest, report: found.value.report };
}
