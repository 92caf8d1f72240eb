import fc from "fast-check";
import { canonicalJson } from "../../src/model/canonical.ts";
import { Outcome } from "../../src/model/decision.ts";
import { Verdict } from "../../src/model/verdict.ts";
import { decideGate, evaluateGate } from "../../src/policy/gate.ts";
import { replay } from "../../src/policy/replay.ts";
import { ages, anyRun, waiverFlaws, type CheckCase, type GateCase, gateCase, inputOf, type Run, scopes } from "./gate-cases.ts"; // prettier-ignore
import { holdGlassLaws } from "./glass-laws.ts";
import { accepted, answered, passed, restLetsThrough } from "./oracle.ts";

/** How often each class was met, so that a law which nothing puts to the test is seen to be one. */
export type Counts = Map<string, number>;

/** Throws with the smallest case that breaks a law. */
export function holdGateLaws(cases: number, seed: number): Counts {
  const counts: Counts = new Map();
  for (const name of classes) counts.set(name, 0);
  fc.assert(
    fc.property(gateCase, fc.nat(), anyRun, (one, place, further) => {
      const outcome = decided(one);
      count(counts, one, outcome);
      if (holdGlassLaws(one, outcome) === "break-glass") {
        counts.set(brokenName, (counts.get(brokenName) ?? 0) + 1);
      }
      if (outcome === "allow") requirePassed(one);
      againstAddingBad(one, outcome, place, further);
      againstTakingAway(one, outcome, place);
      againstBorrowing(one, outcome);
      withoutWaivers(one, outcome);
      decidesAgain(one);
    }),
    { numRuns: cases, seed },
  );
  return counts;
}

/** The only outcome that no case has by itself. */
const brokenName = "outcome break-glass";
const outcomeNames = Outcome.options.map((one) => `outcome ${one}`);
/** Every class that there is; each has to be met. */
export const classes: readonly string[] = [
  ...outcomeNames,
  ...Verdict.options.map((one) => `verdict ${one}`),
  ...ages.map((one) => `age: ${one}`),
  ...scopes.map((one) => `scope: ${one}`),
  "exercised nothing",
  "no run at all",
  ...waiverFlaws.map((one) => `waiver, flaw: ${one}`),
  "allowed by a waiver",
  "a window is closed",
  "a line is stopped",
  "a rule is not true",
  "allowed with a rule",
  "allowed with a requirement",
  "allowed with a warning",
  "allowed without an answer out of band",
];

function decided(one: GateCase) {
  return evaluateGate(one.preset, inputOf(one)).outcome;
}

function asked({ checks }: GateCase): readonly CheckCase[] {
  return checks.filter(({ demand }) => demand.phase !== "live");
}

/** No preset allows unless each demanded check passed, or warned where it may. */
function requirePassed(one: GateCase): void {
  if (!restLetsThrough(one))
    throw new Error("allowed against something that is asked besides checks");
  for (const check of asked(one)) {
    if (passed(check, one.rest.maxAgeMs) || accepted(one, check)) continue;
    throw new Error(`allowed although ${check.demand.name} has neither passed nor been accepted`);
  }
}

/** A further run that is no pass opens nothing that is closed. */
function againstAddingBad(one: GateCase, outcome: Outcome, place: number, further: Run): void {
  if (outcome === "allow" || one.checks.length === 0) return;
  if (further.verdict === "pass" || further.verdict === "warn") return;
  const check = one.checks[place % one.checks.length];
  // Where nothing has run, what two people accepted of a run opens as soon as there is one: that is what they accepted.
  if (check && accepted(one, check) && !answered(check)) return;
  const more = changed(one, place, (runs) => [...runs, further]);
  if (decided(more) === "allow") throw new Error(`a further ${further.verdict} opened the gate`);
}

/** Nor does it when something that spoke for it is taken away. */
function againstTakingAway(one: GateCase, outcome: Outcome, place: number): void {
  if (outcome === "allow" || one.checks.length === 0) return;
  const fewer = changed(one, place, (runs) =>
    runs.filter(({ verdict }) => verdict !== "pass" && verdict !== "warn"),
  );
  const outOfBand = fewer.checks.some(({ demand }) => demand.outOfBand);
  // What is not a pass any more keeps a gate closed beside what was accepted; without it only that is left.
  const check = one.checks[place % one.checks.length];
  if (check && accepted(one, check)) return;
  // An answer that was worth nothing (expired, say) is no answer any more, and nobody waits for one.
  if (!outOfBand && decided(fewer) === "allow")
    throw new Error("taking a pass away opened the gate");
}

/** One check's verdict is no other's: a good run under another name changes nothing. */
function againstBorrowing(one: GateCase, outcome: Outcome): void {
  const [first] = asked(one);
  if (outcome === "allow" || first === undefined) return;
  const input = inputOf(one);
  const borrowed = input.evidence.map((run) => ({ ...run, check: `${run.check}-own` }));
  const more = { ...input, evidence: [...input.evidence, ...borrowed] };
  if (evaluateGate(one.preset, more).outcome !== outcome) {
    throw new Error("runs of checks that nobody demanded changed the outcome");
  }
}

/** A waiver only ever opens, and only what it is about: without any, what is denied stays denied. */
function withoutWaivers(one: GateCase, outcome: Outcome): void {
  if (one.waivers.length === 0) return;
  const without = decided({ ...one, waivers: [] });
  if (without === "allow" && outcome !== "allow") throw new Error("a waiver closed the gate");
  const sound = one.waivers.some(({ flaw }) => flaw === "none");
  if ((!sound || !one.mayWaive) && without !== outcome) throw new Error("a flawed waiver counted");
}

function decidesAgain(one: GateCase): void {
  const { decision, inputs } = decideGate(one.preset, inputOf(one));
  const again = replay(canonicalJson(inputs));
  if (!again.ok || canonicalJson(again.decided.decision) !== canonicalJson(decision)) {
    throw new Error("what was kept decides otherwise");
  }
}

function changed(one: GateCase, place: number, change: (runs: readonly Run[]) => readonly Run[]) {
  const at = place % one.checks.length;
  const checks = one.checks.map((check, index) =>
    index === at ? { ...check, runs: change(check.runs) } : check,
  );
  return { ...one, checks };
}

function count(counts: Counts, one: GateCase, outcome: Outcome): void {
  const met = new Set([`outcome ${outcome}`]);
  for (const { demand, runs } of asked(one)) {
    if (runs.length === 0) met.add("no run at all");
    for (const run of runs) {
      met.add(`verdict ${run.verdict}`).add(`age: ${run.age}`).add(`scope: ${run.scope}`);
      if (!run.exercised) met.add("exercised nothing");
      if (outcome === "allow" && run.verdict === "warn" && demand.allowWarn) {
        met.add("allowed with a warning");
      }
    }
    if (outcome === "allow" && demand.outOfBand && runs.every(({ scope }) => scope !== "this")) {
      met.add("allowed without an answer out of band");
    }
  }
  for (const { flaw } of one.waivers) met.add(`waiver, flaw: ${flaw}`);
  if (one.rest.schedule?.open === false) met.add("a window is closed");
  if (one.rest.stops) met.add("a line is stopped");
  if (one.rules.some((truth) => truth !== "true")) met.add("a rule is not true");
  if (outcome === "allow") {
    if (one.rules.length > 0) met.add("allowed with a rule");
    if (one.rest.obligations) met.add("allowed with a requirement");
    if (asked(one).some((check) => !passed(check, one.rest.maxAgeMs)))
      met.add("allowed by a waiver");
  }
  for (const name of met) counts.set(name, (counts.get(name) ?? 0) + 1);
}
