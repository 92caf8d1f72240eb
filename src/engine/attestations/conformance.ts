import { canonicalJson } from "../../model/canonical.ts";
import type { Environment } from "../../model/pipeline.ts";
import type { Digest } from "../../model/primitives.ts";
import {
  readEnvelope,
  statementPayloadType as payloadType,
  verifyEnvelope,
} from "../../evidence/dsse.ts";
import { checkRun } from "../../evidence/predicates/check-run.ts";
import { conformance } from "../../evidence/predicates/conformance.ts";
import { readStatement } from "../../evidence/statement.ts";
import { floorOf, makeConformance, type RunStatement } from "../../policy/conformance.ts";
import type { Decided } from "../../policy/decide.ts";
import { replay } from "../../policy/replay.ts";
import { newColour } from "../../strategies/compensation.ts";
import { ownAttestationsAbout } from "../../store/queries/attestations.ts";
import { documentByDigest } from "../../store/queries/catalogue.ts";
import { checkRunsOf } from "../../store/queries/evidence.ts";
import type { Db, PromotionRow } from "../../store/schema.ts";
import { addressOf, attest, trustedEvidenceKeys } from "./attest.ts";
import { attestationBytes } from "./attest-material.ts";
import { knownPlan } from "./attest-promotion.ts";
import type { Engine } from "../engine.ts";

/**
 * The report before a switch, signed in the transaction that records the gate's decision, whose entry names it.
 * Answers nothing for any other decision.
 */
export async function attestConformance(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  index: number,
  { decision, inputs }: Decided,
): Promise<readonly Digest[]> {
  const plan = knownPlan(promotion);
  if (plan?.kind !== "promotion" || plan.steps[index]?.kind !== "gate") return [];
  // As it is kept and will be read again: nothing else may show in the report.
  const kept = replay(canonicalJson(inputs));
  const environment = await documentByDigest<Environment>(tx, "Environment", plan.environment);
  if (!kept.ok || kept.inputs.kind !== "gate" || !environment) return [];
  const frame = {
    promotion: promotion.id,
    policy: {
      plan: promotion.plan_digest,
      pipeline: plan.pipeline,
      environment: plan.environment,
      gate: plan.gate,
      minimumIsolation: plan.minimumIsolation,
      floor: floorOf(environment),
    },
  };
  const statements = await runStatements(engine, tx, promotion.id);
  const report = makeConformance(frame, kept.inputs, decision, statements);
  const digest = await attest(engine, tx, conformance, {
    release: plan.release,
    about: promotion.id,
    predicate: { address: conformanceAddress(plan, promotion.id), report },
  });
  return [digest];
}

async function runStatements(
  engine: Engine,
  tx: Db,
  promotion: string,
): Promise<readonly RunStatement[]> {
  const about = (await checkRunsOf(tx, promotion)).map(({ id }) => id);
  const rows = await ownAttestationsAbout(tx, about, checkRun.type);
  const keys = await trustedEvidenceKeys(tx);
  const found: RunStatement[] = [];
  for (const row of rows) {
    // One whose bytes are damaged or gone counted for nothing at the gate; nor does it here.
    const bytes = await attestationBytes(engine, row).catch(() => null);
    const envelope = bytes && readEnvelope(bytes);
    const verified = envelope?.ok ? verifyEnvelope(envelope.value, { keys, payloadType }) : null;
    const statement = verified?.ok ? readStatement(verified.value.payload) : null;
    const parsed = statement?.ok ? checkRun.schema.safeParse(statement.value.predicate) : null;
    if (parsed?.success) found.push({ digest: row.digest, ...parsed.data });
  }
  return found;
}

/** What a report before a switch is about. */
export function conformanceAddress(
  plan: NonNullable<ReturnType<typeof knownPlan>>,
  promotion: string,
) {
  const colour = newColour(plan.live);
  return addressOf(plan, promotion, { colour, configuration: plan.configuration });
}
