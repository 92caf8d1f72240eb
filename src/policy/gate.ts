import type { Decision, Grades } from "../model/decision.ts";
import type { GatePreset, IsolationGrade } from "../model/pipeline.ts";
import type { Digest } from "../model/primitives.ts";
import { canonicalJson } from "../model/canonical.ts";
import type { ApprovalsInput } from "../identity/approval/given.ts";
import type { GlassInput, OwedReview } from "../identity/break-glass/given.ts";
import { approvalGrounds } from "./approvals.ts";
import { breakableCheck, reviewGrounds, withGlass, type WithGlass } from "./break-glass.ts";
import { compareText, decide, type Decided, type Ground, ground } from "./decide.ts";
import {
  type DemandedCheck,
  type Evidence,
  hasAnswered,
  judgeCheck,
  type Subject,
} from "./evidence.ts";
import { type DiversityInput, diversityGrounds } from "./diversity.ts";
import { flawGrounds, type FlawsInput } from "./flaws.ts";
import { governanceGround, identityGround, isolationGround } from "./grades.ts";
import { type LedgerSays, ledgerGrounds } from "./ledger-says.ts";
import { limitedBy } from "./max-age.ts";
import { type ObligationInput, obligationGrounds } from "./obligations/grounds.ts";
import { droppedGrounds, type Predecessor, predecessorGround } from "./predecessors.ts";
import { type ScheduleSays, scheduleGrounds } from "./schedule.ts";
import { type StopSays, stopGrounds } from "./stops.ts";
import { type Requirement, requirementGrounds } from "./requirements.ts";
import { ruleGrounds, type RulesInput } from "./rules.ts";
import { standingWaivers, waivedGround, type WaiversInput } from "./waived.ts";

/** Everything that the gate before a switch looks at. Plain data: kept, it can be decided again. */
export interface GateInput extends Pick<RulesInput, "rules" | "facts" | "returning"> {
  readonly subject: Subject;
  /** Digest of the policy that this is decided under; absent in what was kept before it was said. */
  readonly policy?: Digest | undefined;
  /** RFC 3339, by the database's clock. */
  readonly now: string;
  /** What the plan demands (pipeline and floor together); phase `live` runs later and is not asked here. */
  readonly checks: readonly DemandedCheck[];
  /** The runs of this promotion, all of them. */
  readonly evidence: readonly Evidence[];
  /** Empty for a first environment and for a rollback. */
  readonly predecessors: readonly Predecessor[];
  /** Environments that were demanded before it when what is live came here, and are not any more; absent: none. */
  readonly dropped?: readonly string[] | undefined;
  readonly minimumIsolation: IsolationGrade;
  /** What the environment's owners demand to be stated about the release, asked again; empty for a rollback. */
  readonly requirements: readonly Requirement[];
  /** What was proven here and now. */
  readonly grades: Grades;
  /** How many different programs have to pass; absent where nobody asks. */
  readonly diversity?: DiversityInput | undefined;
  /** Risks that people accepted here; absent where there are none. */
  readonly waivers?: WaiversInput | undefined;
  /** Evidence older than this is stale, whatever it says of itself. Milliseconds. */
  readonly maxAgeMs?: number | undefined;
  /** Whether the release before was stopped already, so that to wait would leave users without any. Absent: no. */
  readonly underWay?: boolean | undefined;
  /**
   * It is over before its gate, as a check has not passed: before anything was deployed (`static`), or after. What
   * nobody came to look at is no reason then, and nothing is let through. Absent: it is at its gate.
   */
  readonly ended?: "static" | "deployed" | undefined;
  /** What windows and freezes say; absent: nobody has declared any. */
  readonly schedule?: ScheduleSays | undefined;
  /** Lines that are stopped here, and bans of what the release is made of; absent: none. */
  readonly stops?: readonly StopSays[] | undefined;
  /** What advisories say of what it is made of; absent: nothing, or nobody knows what that is. */
  readonly flaws?: FlawsInput | undefined;
  /** Requirements and threats, and every run that could show that they are met; absent: nobody asks. */
  readonly obligations?: ObligationInput | undefined;
  /** Who has to sign this, and who did; absent: nobody. */
  readonly approvals?: ApprovalsInput | undefined;
  /** What people set aside for exactly this in an emergency; absent: nobody did. */
  readonly glass?: GlassInput | undefined;
  /** What was set aside here before and nobody has reviewed; absent: nothing. */
  readonly reviews?: readonly OwedReview[] | undefined;
  /** What holding all this against the ledger gave; null: it was not held against it. */
  readonly ledger: readonly LedgerSays[] | null;
}

/**
 * The decision before traffic moves. Only a pass passes (law 2): missing, stale, partial, inconclusive
 * and error deny like a fail, and a warn passes only where its check allows it. Pure and total.
 */
export function evaluateGate(preset: GatePreset, input: GateInput): Decision {
  return decideGate(preset, input).decision;
}

/** The same with what it follows from. */
export function decideGate(preset: GatePreset, input: GateInput): Decided {
  const { grounds, mark } = broken(input, gateGrounds(preset, input));
  return decide(grounds, input.grades, { kind: "gate", preset, ...unordered(input) }, mark);
}

/** What is set aside of it. A return needs nothing, and what has ended goes nowhere. */
export function broken(input: GateInput, grounds: readonly Ground[]): WithGlass {
  if (input.returning === true || input.ended !== undefined) return { grounds, mark: null };
  const { now, facts, grades } = input;
  return withGlass(grounds, input.glass, { now, facts, mode: grades.governance, admission: false });
}

/** What each part says, without the digest over all inputs, which costs more than all of them. */
export function gateGrounds(preset: GatePreset, input: GateInput): readonly Ground[] {
  const required = input.checks.filter((check) => check.phase !== "live");
  const evidence = limitedBy(input.maxAgeMs, input.evidence);
  const answers = required.map((check) => ({
    check: check.name,
    ground: controlGround(check, { ...input, evidence }),
  }));
  const { returning = false, underWay = false, ended } = input;
  const grounds = [
    isolationGround(preset, input.minimumIsolation, input.grades.isolation),
    ...(ended === "static" ? [] : [identityGround(preset, input.grades.identity)]),
    governanceGround(input.grades.governance),
    ...(ended === undefined ? [demandGround(preset, required)] : []),
    ...answers.map((one) => one.ground),
    ...(returning ? [] : flawGrounds({ ...input, evidence })),
    ...diversityGrounds(input.diversity, answers),
    ...input.predecessors.map((predecessor) => predecessorGround(predecessor, input.now)),
    ...droppedGrounds(input.dropped),
    ...requirementGrounds(input.requirements),
    ...(input.obligations
      ? obligationGrounds(input.obligations, input.subject.environment, input.now)
      : []),
    ...ruleGrounds(input),
    ...scheduleGrounds(input.schedule, { returning, underWay }),
    ...stopGrounds(input.stops, { returning, underWay }),
    ...reviewGrounds(input.reviews, { returning }),
    ...approvalGrounds(input.approvals, {
      ...input,
      mode: input.grades.governance,
      returning,
      underWay,
    }),
    ...ledgerGrounds(input.ledger),
  ];
  return ended === undefined ? grounds : endedGrounds(grounds);
}

/** Less was looked at than at a gate, so this opens none, whatever it says. */
export const endedRule = "checks.ended";

function endedGrounds(grounds: readonly Ground[]): readonly Ground[] {
  if (grounds.some(({ outcome }) => outcome === "deny")) return grounds;
  return [...grounds, ground("deny", endedRule, "it ended before its gate was asked")];
}

/** What the runs say about one demanded check, and what people accepted of that. */
export function controlGround(
  check: DemandedCheck,
  input: Pick<GateInput, "subject" | "evidence" | "now" | "waivers">,
): Ground {
  const { subject, evidence, now } = input;
  // Nobody waits for one that is out of band; its answer, a bad one too, opens the decision again.
  if (check.outOfBand && !hasAnswered(check, subject, evidence)) {
    const message = `check ${check.name} runs out of band: what it says is not known yet`;
    return ground("allow", "check.pending", message);
  }
  const judged = judgeCheck(check, subject, evidence, now, standingWaivers(input));
  return breakableCheck(check, waivedGround(check, judged, input), judged);
}

/** "Nothing was asked" is no evidence: the strict preset demands a check of what is deployed. */
function demandGround(preset: GatePreset, required: readonly DemandedCheck[]): Ground {
  if (required.some((check) => check.phase === "deployed")) {
    const count = required.length === 1 ? "1 check is" : `${required.length} checks are`;
    return ground("allow", "checks", `${count} demanded here`);
  }
  return preset === "strict"
    ? ground("deny", "checks", "the strict gate demands at least one check of the deployed release")
    : ground("allow", "checks", "no check of the deployed release is demanded here");
}

/** The digest speaks of what was known, not of the order in which it arrived. */
function unordered(input: GateInput): Readonly<Record<string, unknown>> {
  return {
    ...input,
    checks: sortedByText(input.checks),
    evidence: sortedByText(input.evidence),
    predecessors: sortedByText(input.predecessors),
    requirements: sortedByText(input.requirements),
    ...(input.obligations === undefined
      ? {}
      : { obligations: { ...input.obligations, runs: sortedByText(input.obligations.runs) } }),
    ...(input.waivers === undefined
      ? {}
      : {
          waivers: {
            ...input.waivers,
            signed: sortedByText(input.waivers.signed),
            findings: sortedByText(input.waivers.findings),
          },
        }),
    ...(input.approvals === undefined
      ? {}
      : {
          approvals: {
            ...input.approvals,
            lineage: sortedByText(input.approvals.lineage),
            answers: sortedByText(input.approvals.answers),
          },
        }),
    ...(input.diversity === undefined
      ? {}
      : {
          diversity: { ...input.diversity, scanners: sortedByText(input.diversity.scanners) },
        }),
  };
}

function sortedByText(items: readonly object[]): readonly object[] {
  if (items.length < 2) return items;
  return items
    .map((item) => ({ item, text: canonicalJson(item) }))
    .sort((a, b) => compareText(a.text, b.text))
    .map(({ item }) => item);
}
