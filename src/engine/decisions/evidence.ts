import type { Grades } from "../../model/decision.ts";
import type { Plan } from "../../model/plan.ts";
import { newColour } from "../../strategies/compensation.ts";
import { demandDigest, type Evidence } from "../../policy/evidence.ts";
import type { Decided } from "../../policy/decide.ts";
import { failingIn } from "../../policy/failing.ts";
import { decideGate, endedRule, type GateInput } from "../../policy/gate.ts";
import type { WaiversInput } from "../../policy/waived.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { heldIn, waiversInput } from "../waivers/held.ts";
import { checkRunsOf } from "../../store/queries/evidence.ts";
import { stepsOf } from "../../store/queries/promotions.ts";
import { lateFailures } from "../../store/queries/late-runs.ts";
import type { CheckRunRow, Db, PromotionRow } from "../../store/schema.ts";
import { checkRequirements } from "../attestations/attest-requirements.ts";
import { attestedRuns } from "../attestations/attested-runs.ts";
import { droppedPredecessors } from "./dropped.ts";
import { glassFacts } from "../break-glass/gather.ts";
import { sameGlass } from "../break-glass/same.ts";
import { approvalsAtGate } from "../approvals/ask.ts";
import { whyStarterMayNot } from "../access/people/starter.ts";
import { approvalsInput } from "../approvals/gather.ts";
import type { Engine } from "../engine.ts";
import { countFlaws, knownFlaws, looksForFlaws } from "../contradictions/flaws.ts";
import { gateFacts } from "../facts/gather.ts";
import { releaseOf } from "../facts/site.ts";
import { holdUpsOf } from "../schedule/hold-ups.ts";
import { governanceMode } from "../policy/governance.ts";
import { groundsOfGate, ledgerSays } from "../ledger/grounds.ts";
import { obligationsOf } from "./obligations.ts";
import { predecessorsOf } from "../promotions/predecessor-standing.ts";
import type { StepContext } from "../steps/step.ts";

/** Gathers what the pure gates look at: nothing here decides. */

/** What a decision at the gate is made about. */
export type GateSite = Pick<StepContext, "engine" | "plan" | "release" | "now"> & {
  readonly promotion: Pick<PromotionRow, "id">;
};

/**
 * The decision before traffic moves, over all that this promotion has shown. `holds` answers, in a transaction that
 * holds the lane, whether that is still all: what runs out of band reports whenever it likes.
 */
export async function decisionAtGate(
  context: GateSite,
  how: {
    readonly ask: boolean;
    readonly beforeStop?: boolean;
    /** Names of what fails are wanted of every check: somebody asks what could be set aside. */
    readonly named?: boolean;
  } = { ask: false },
): Promise<{ readonly decided: Decided; readonly holds: (tx: Db) => Promise<boolean> }> {
  const { engine, plan, promotion, release, now } = context;
  const { all, late } = await shownOf(engine.db, plan, promotion.id);
  const runs = await attestedRuns(engine, plan, all);
  const returning = plan.kind === "rollback";
  const { beforeStop = false } = how;
  // A return passes freezes and stale evidence; only what is known to be worse denies it (law 9), and
  // that was asked when it was accepted.
  const waivers = await waiversInput(engine.db, plan.lane);
  const glasses = await glassFacts(engine, engine.db, { plan, promotion: promotion.id, now });
  const shown = {
    subject: subjectOf(plan),
    evidence: evidenceOf(
      engine,
      plan,
      [...runs, ...late],
      waivers,
      how.named || glasses.glass !== undefined,
    ),
    grades: await gradesOf(engine, promotion.id),
    ...(waivers === undefined ? {} : { waivers }),
  };
  const flaws = returning ? undefined : await knownFlaws(engine, plan);
  const found = await gateFacts(context, { ...shown, runs });
  const facts = found && countFlaws(found, flaws);
  const obligations = await obligationsOf(engine, plan);
  const others: Omit<GateInput, "ledger"> = {
    ...shown,
    ...policyIn(plan),
    now: now.toISOString(),
    checks: returning ? [] : plan.checks.filter(({ phase }) => !beforeStop || phase === "static"),
    predecessors: returning ? [] : await predecessorsOf(engine, plan),
    ...(await droppedPredecessors(engine, plan)),
    // Asked at admission too: what was stated may have been contradicted or erased meanwhile.
    requirements: returning ? [] : await checkRequirements(engine, engine.db, plan, release, now),
    minimumIsolation: returning ? "none" : plan.minimumIsolation,
    ...(returning || plan.diversity === undefined ? {} : { diversity: plan.diversity }),
    ...(facts === undefined ? {} : { facts }),
    ...(plan.rules === undefined ? {} : { rules: plan.rules }),
    ...(flaws === undefined ? {} : { flaws: flaws.input }),
    ...(returning ? { returning } : {}),
    ...(plan.maxAgeMs === undefined || returning ? {} : { maxAgeMs: plan.maxAgeMs }),
    ...(await holdUpsOf(engine, plan, release, now)),
    ...glasses,
    ...(obligations === undefined ? {} : { obligations: obligations.input }),
    ...(hasStoppedOld(plan) && !beforeStop ? { underWay: true } : {}),
  };
  const preset = returning ? "baseline" : plan.gate;
  const site = { plan, version: release.version, promotion: promotion.id, now };
  const approvals = await approvalsAtGate(engine, site, others, { preset, ...how });
  const input = { ...others, ...(approvals === undefined ? {} : { approvals }) };
  // Those too that count for nothing: one that somebody has edited may be the one that failed.
  const here = [...all, ...late].map((run) => ({ ...run, ...plan.lane }));
  const leaning = [...here, ...(obligations?.rows ?? [])];
  const starter = returning ? null : await whyStarterMayNot(engine.db, plan.lane, promotion.id);
  const ledger = [
    ...(await ledgerSays(engine, plan, () => groundsOfGate(context, leaning))),
    ...(starter === null ? [] : [{ outcome: "deny" as const, message: starter }]),
  ];
  const decided = decideGate(preset, { ...input, ledger });
  const seen = new Set(reportedIn({ all, late }));
  const approvedBy = canonicalJson(approvals ?? null);
  const leantOn = waiversNow(waivers, plan, now.toISOString());
  return {
    decided,
    // A return leans on no check.
    holds: async (tx) =>
      returning ||
      (reportedIn(await shownOf(tx, plan, promotion.id)).every((run) => seen.has(run)) &&
        // What somebody withdraws meanwhile is withdrawn, and what ends meanwhile has ended.
        waiversNow(await waiversInput(tx, plan.lane), plan, await databaseTime(tx)) === leantOn &&
        (await whyStarterMayNot(tx, plan.lane, promotion.id)) === starter &&
        // So is a right or a key that somebody takes away, and a rejection that comes meanwhile.
        canonicalJson((await approvalsInput(engine, tx, site)) ?? null) === approvedBy &&
        (await sameGlass(engine, tx, site, decided.decision, glasses.glass))),
  };
}

/** What is signed, and what of it holds at that moment. */
function waiversNow(waivers: WaiversInput | undefined, plan: Plan, now: string): string {
  if (waivers === undefined) return "";
  return canonicalJson([waivers.signed, heldIn(waivers, plan.release, now).map(({ id }) => id)]);
}

/** With `recreate` the gate comes when the old release is gone already. */
function hasStoppedOld({ kind, strategy, live }: Plan): boolean {
  return kind === "promotion" && strategy === "recreate" && live !== null;
}

interface Shown {
  readonly all: readonly CheckRunRow[];
  readonly late: readonly CheckRunRow[];
}

/** `late`: what came about this release in an earlier promotion counts against it; it needs no signature for that. */
async function shownOf(db: Db, plan: Plan, promotion: string): Promise<Shown> {
  const all = await checkRunsOf(db, promotion);
  return { all, late: await lateFailures(db, plan.lane, plan.release, promotion) };
}

function reportedIn({ all, late }: Shown): readonly string[] {
  return [...all, ...late].flatMap(({ id, report }) => (report ? [id] : []));
}

/** A check has not passed: the decision over those that have run, so that it is on record. Null: they deny nothing. */
export async function decisionOnChecks(
  context: StepContext,
  ended: NonNullable<GateInput["ended"]>,
): Promise<Decided | null> {
  const { engine, plan, promotion } = context;
  const runs = await attestedRuns(engine, plan, await checkRunsOf(engine.db, promotion.id));
  const reported = new Set(runs.filter((run) => run.report).map((run) => run.name));
  const waivers = await waiversInput(engine.db, plan.lane);
  const decided = decideGate(plan.gate, {
    subject: subjectOf(plan),
    ...policyIn(plan),
    now: context.now.toISOString(),
    checks: plan.checks.filter((check) => reported.has(check.name)),
    evidence: evidenceOf(engine, plan, runs, waivers),
    ...(waivers === undefined ? {} : { waivers }),
    predecessors: [],
    requirements: [],
    minimumIsolation: plan.minimumIsolation,
    grades: await gradesOf(engine, promotion.id),
    ended,
    ledger: null,
  });
  const { reasons } = decided.decision;
  const denied = reasons.some(({ outcome, rule }) => outcome === "deny" && rule !== endedRule);
  return denied ? decided : null;
}

/** The gate once more, after the promotion: over everything that has been said by now. */
export async function decisionAfter(
  engine: Engine,
  plan: Plan,
  promotion: PromotionRow,
): Promise<Decided> {
  const now = new Date(await databaseTime(engine.db));
  const { facts, ...shown } = await shownNow(engine, plan, promotion.id, now);
  return decideGate(plan.gate, {
    ...shown,
    ...policyIn(plan),
    now: now.toISOString(),
    checks: plan.checks,
    predecessors: [],
    requirements: [],
    minimumIsolation: plan.minimumIsolation,
    ...(plan.diversity === undefined ? {} : { diversity: plan.diversity }),
    ...(facts ? { facts } : {}),
    ...(plan.rules === undefined ? {} : { rules: plan.rules }),
    ledger: null,
  });
}

/** What a promotion has shown by now, and what is known of its release besides: read anew, all of it. */
export async function shownNow(engine: Engine, plan: Plan, promotion: string, now: Date) {
  const runs = await attestedRuns(engine, plan, await checkRunsOf(engine.db, promotion));
  const waivers = await waiversInput(engine.db, plan.lane);
  const shown = {
    subject: subjectOf(plan),
    evidence: evidenceOf(engine, plan, runs, waivers),
    grades: await gradesOf(engine, promotion),
    ...(waivers === undefined ? {} : { waivers }),
  };
  const release = await releaseOf(engine, plan.release);
  const found = release && (await gateFacts({ engine, plan, release, now }, { ...shown, runs }));
  const flaws = await knownFlaws(engine, plan);
  const facts = found ? countFlaws(found, flaws) : undefined;
  return { ...shown, facts, ...(flaws === undefined ? {} : { flaws: flaws.input }) };
}

/** Optional in plans of before it was said. */
export function policyIn({ policy }: Plan): Pick<GateInput, "policy"> {
  return policy === undefined ? {} : { policy };
}

export function subjectOf(plan: Plan) {
  return {
    ...plan.lane,
    release: plan.release,
    configuration: plan.configuration,
    colour: newColour(plan.live),
  };
}

export function evidenceOf(
  engine: Engine,
  plan: Plan,
  runs: readonly CheckRunRow[],
  waivers: WaiversInput | undefined,
  named = false,
): readonly Evidence[] {
  const looking = new Set(looksForFlaws(engine, plan.checks));
  return runs.flatMap((run) => {
    const demand = plan.checks.find((one) => one.name === run.name);
    if (!run.report || !demand) return [];
    // It is tried again, and nobody waits: its error is no answer yet.
    const again = run.report.verdict === "error" && run.attempt <= demand.retries;
    if (demand.outOfBand && again) return [];
    return [
      {
        run: run.id,
        check: run.name,
        demand: demandDigest(demand),
        ...plan.lane,
        release: run.release,
        configuration: run.phase === "static" ? null : run.configuration,
        colour: run.colour,
        verdict: run.report.verdict,
        exercised: run.report.exercised,
        summary: run.report.summary,
        at: (run.ended_at ?? run.started_at).toISOString(),
        ...(looking.has(run.name) ? { begunAt: run.started_at.toISOString() } : {}),
        expiresAt: run.report.validUntil ?? null,
        ...leaningOf(run.uses, run.report),
        ...(named || isWaived(demand.name, waivers) ? { failing: failingIn(run.report) } : {}),
      },
    ];
  });
}

/** Only where somebody accepted something of it: else nobody asks. */
function isWaived(check: string, waivers: WaiversInput | undefined): boolean {
  return (waivers?.signed ?? []).some(
    ({ waived: { of } }) => of.kind === "check" && of.check === check,
  );
}

/** What it overlooked because people accepted that. */
function leaningOf(uses: string, { data }: NonNullable<CheckRunRow["report"]>) {
  const ids = uses === "findings" ? (data?.["waivers"] ?? "").split(" ").filter(Boolean) : [];
  return ids.length === 0 ? {} : { leansOn: ids };
}

/** Claims carry their grade (law 13). */
export async function gradesOf(engine: Engine, promotion: string | null): Promise<Grades> {
  return {
    isolation: engine.agentInfo()?.isolation ?? "none",
    identity: promotion === null ? "none" : await identityOf(engine, promotion),
    // Whether the policy that this is decided under took more than one person to change.
    governance: await governanceMode(engine.db),
  };
}

/** The weakest identity that this promotion's instances have shown so far. */
export async function identityOf(engine: Engine, promotion: string): Promise<Grades["identity"]> {
  const steps = await stepsOf(engine.db, promotion);
  const grades = steps
    .filter((step) => step.kind === "prove-identity" && step.state === "done")
    .map((step) => step.detail?.["grade"]);
  // What a run saw of its subject counts as well: what was proven before it may not have lasted.
  // Of each check its last attempt: a void one that was begun anew with a new proof is over.
  const runs = await checkRunsOf(engine.db, promotion);
  const last = new Map(runs.map((run) => [`${run.step}/${run.name}`, run]));
  grades.push(...[...last.values()].flatMap((run) => (run.report?.identity ? [run.identity] : [])));
  if (grades.length === 0 || grades.includes("none")) return "none";
  return grades.every((grade) => grade === "native") ? "native" : "bound";
}
