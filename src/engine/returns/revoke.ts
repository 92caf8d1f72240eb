import { summary } from "../../evidence/predicates/summary.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { revokeDeployments } from "../../store/queries/live.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import type { Db } from "../../store/schema.ts";
import { attestSummary, knownPlan } from "../attestations/attest-promotion.ts";
import type { Engine } from "../engine.ts";

/**
 * What a promotion brought is known to be worse: its deployments are no way back any more, and whoever was
 * shown that it had passed finds a later summary that says FAILED.
 */
export async function revoke(
  engine: Engine,
  tx: Db,
  promotion: string,
  reason: string,
): Promise<void> {
  if (!(await revokeDeployments(tx, promotion, reason))) return;
  const row = await readPromotion(tx, promotion);
  const plan = row && knownPlan(row);
  if (!plan) return;
  const at = await databaseTime(tx);
  const digest = await attestSummary(engine, tx, plan, promotion, { passed: false, at });
  await engine.ledger.append(tx, {
    operation: `${promotion}/revoked`,
    kind: "attestation.made",
    stream: `${row.service}/${row.environment}`,
    actor: "tidelock",
    // The reason names people, and stands with the deployment.
    payload: { release: plan.release, predicateType: summary.type, attestations: [digest] },
  });
}
