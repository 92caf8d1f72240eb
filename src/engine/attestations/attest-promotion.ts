import type { Decision } from "../../model/decision.ts";
import type { CheckDemand } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import type { Digest } from "../../model/primitives.ts";
import type { PromotionState } from "../../model/promotion.ts";
import type { KeptReport } from "../../model/verdict.ts";
import { digestBytes, utf8 } from "../../evidence/bytes.ts";
import { checkRun } from "../../evidence/predicates/check-run.ts";
import { completion } from "../../evidence/predicates/completion.ts";
import { decision as decisionKind } from "../../evidence/predicates/decision.ts";
import { deployment } from "../../evidence/predicates/deployment.ts";
import { makeSummary, summary } from "../../evidence/predicates/summary.ts";
import { testResult, testResultPredicate } from "../../evidence/predicates/test-result.ts";
import { demandDigest } from "../../policy/evidence.ts";
import { newColour } from "../../strategies/compensation.ts";
import { readPlan } from "../../strategies/plan.ts";
import {
  databaseTime,
  ownAttestationsAbout,
  programVersion,
} from "../../store/queries/attestations.ts";
import { glassOfPromotion } from "../../store/queries/break-glass.ts";
import type { CheckRunRow, Db, LaneRow, PromotionRow } from "../../store/schema.ts";
import { addressOf, attest, policyDigest } from "./attest.ts";
import { buildLevelOf } from "./attest-requirements.ts";
import type { Engine } from "../engine.ts";

/** The statements of one promotion, in the order in which they come to be. */

/** One run in our predicate with its full verdict, and once more as test-result v0.1 for other tools. */
export async function attestCheckRun(
  engine: Engine,
  tx: Db,
  plan: Plan,
  demand: CheckDemand,
  run: CheckRunRow & { readonly report: KeptReport },
): Promise<readonly Digest[]> {
  const { report } = run;
  const of = { release: run.release, about: run.id };
  const demanded = demandDigest(demand);
  const own = await attest(engine, tx, checkRun, {
    ...of,
    predicate: {
      address: checkAddress(plan, run),
      check: { name: demand.name, uses: demand.uses, demand: demanded, phase: demand.phase },
      run: run.id,
      verdict: report.verdict,
      summary: report.summary,
      exercised: report.exercised,
      tools: report.tools,
      identity: run.identity,
      ...(report.identity === undefined ? {} : { witnessed: report.identity }),
      startedOn: run.started_at.toISOString(),
      finishedOn: (run.ended_at ?? run.started_at).toISOString(),
      ...(report.validUntil === undefined ? {} : { validUntil: report.validUntil }),
      report: report.raw ? rawIn(report.raw) : null,
    },
  });
  const standard = await attest(engine, tx, testResult, {
    ...of,
    predicate: testResultPredicate({
      place: {
        lane: plan.lane,
        colour: run.colour,
        configuration: run.phase === "static" ? null : run.configuration,
        release: run.release,
        finishedOn: (run.ended_at ?? run.started_at).toISOString(),
      },
      check: demand.name,
      demand: demanded,
      verdict: report.verdict,
      results: report.results,
    }),
  });
  return [own, standard];
}

/** A report's raw one by its digest, also where an earlier version kept its text. */
export function rawIn(raw: NonNullable<KeptReport["raw"]>) {
  const digest = "text" in raw ? digestBytes(utf8(raw.text)) : raw.digest;
  return { format: raw.format, digest, truncated: raw.truncated };
}

/** A static check looks at the release alone; every other one at a colour with a configuration. */
export function checkAddress(plan: Plan, run: CheckRunRow) {
  return addressOf(plan, run.promotion, {
    colour: run.colour,
    configuration: run.phase === "static" ? null : run.configuration,
  });
}

export async function attestDecision(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  index: number,
  decision: Decision,
): Promise<Digest> {
  const plan = readPlan(promotion.plan);
  return attest(engine, tx, decisionKind, {
    release: plan.release,
    about: promotion.id,
    predicate: {
      address: promotionAddress(plan, promotion),
      step: { index, kind: plan.steps[index]?.kind ?? "unknown" },
      plan: promotion.plan_digest,
      decision,
      decidedOn: await databaseTime(tx),
    },
  });
}

/** The traffic has moved: an entry of its own, as the move has none that speaks of the release. */
export async function attestDeployment(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  before: LaneRow,
): Promise<void> {
  const plan = readPlan(promotion.plan);
  const { live_colour: colour, live_release: release, live_configuration: configuration } = before;
  const digest = await attest(engine, tx, deployment, {
    release: plan.release,
    about: promotion.id,
    predicate: {
      address: promotionAddress(plan, promotion),
      kind: plan.kind,
      plan: promotion.plan_digest,
      replaced: colour && release && configuration ? { colour, release, configuration } : null,
      deployedOn: await databaseTime(tx),
    },
  });
  await engine.ledger.append(tx, {
    operation: `${promotion.id}/deployed`,
    kind: "attestation.made",
    stream: `${promotion.service}/${promotion.environment}`,
    actor: "tidelock",
    payload: { release: plan.release, predicateType: deployment.type, attestations: [digest] },
  });
}

/** How it ended; a promotion that came through is summed up for everybody who only asks "may it?". */
export async function attestCompletion(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  result: Exclude<PromotionState, "queued" | "running">,
): Promise<readonly Digest[]> {
  const plan = knownPlan(promotion);
  // A promotion that this program cannot read can be aborted all the same.
  if (plan === null) return [];
  const endedOn = await databaseTime(tx);
  const digest = await attest(engine, tx, completion, {
    release: plan.release,
    about: promotion.id,
    predicate: {
      address: promotionAddress(plan, promotion),
      kind: plan.kind,
      plan: promotion.plan_digest,
      result,
      endedOn,
    },
  });
  // A return passes with stale evidence: it makes no new claim about what it returns to.
  if (result !== "complete" || plan.kind !== "promotion") return [digest];
  // What people set aside was not shown: others are not told that this environment's policy was met.
  const broken = await glassOfPromotion(tx, promotion.id);
  const passed = await attestSummary(engine, tx, plan, promotion.id, {
    passed: broken === undefined,
    at: endedOn,
  });
  return [digest, passed];
}

/** A verification summary for this environment, over the decisions of this promotion. */
export async function attestSummary(
  engine: Engine,
  tx: Db,
  plan: Plan,
  promotion: string,
  of: { readonly passed: boolean; readonly at: string },
): Promise<Digest> {
  const inputs = await ownAttestationsAbout(tx, [promotion], decisionKind.type);
  const made = makeSummary({
    lane: plan.lane,
    passed: of.passed,
    timeVerified: of.at,
    policy: policyDigest(plan),
    inputs: inputs.map(({ digest }) => digest),
    buildLevel: of.passed ? await buildLevelOf(engine, tx, plan) : null,
    version: await programVersion(tx),
  });
  return attest(engine, tx, summary, {
    release: plan.release,
    about: promotion,
    predicate: { ...made },
  });
}

function promotionAddress(plan: Plan, promotion: PromotionRow) {
  const colour = newColour(plan.live);
  return addressOf(plan, promotion.id, { colour, configuration: plan.configuration });
}

/** Null for a plan of another format. */
export function knownPlan(promotion: PromotionRow): Plan | null {
  try {
    return readPlan(promotion.plan);
  } catch {
    return null;
  }
}
