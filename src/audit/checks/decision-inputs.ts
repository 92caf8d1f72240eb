import canonicalize from "canonicalize";
import { letsThrough } from "../../model/decision.ts";
import type { Environment, Pipeline } from "../../model/pipeline.ts";
import { policyDigest } from "../../policy/policy-of.ts";
import type { DecisionInputs } from "../../policy/replay.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { DecisionMade, DeploymentVerified, type PlanBlob, ReportedRun } from "../payloads.ts";
import { laneStream } from "../lane-streams.ts";
import { approvalsNotOnRecord } from "./approval-inputs.ts";
import { parsedJson } from "./blobs.ts";
import { glassNotOnRecord } from "./break-glass.ts";
import { peopleNotOnRecord } from "./people-inputs.ts";
import type { PromotionStory } from "./story.ts";
import { waiversNotOnRecord } from "./waivers.ts";

/**
 * Where a decision's inputs say something else than the log that they stand beside: the plan, the verdicts that
 * were reported before, when a predecessor was verified. Rules applied rightly to inputs that were made up would
 * replay as well.
 *
 * @param story of its promotion; undefined when the pack does not have it
 * @param shared pseudonyms that tell nobody apart
 */
export function inputsNotOnRecord(
  inputs: DecisionInputs,
  entry: LogEntry,
  story: PromotionStory | undefined,
  entries: readonly LogEntry[],
  files: ReadonlyMap<string, Uint8Array>,
  shared: ReadonlySet<string>,
): readonly string[] {
  if (story === undefined) return [];
  const before = entries.filter(({ index }) => index < entry.index);
  return [
    ...otherThanPlanned(inputs, entry, story),
    ...policyNotInDocuments(story.plan, files),
    ...predecessorsNotOnRecord(inputs, entry, before),
    ...(inputs.kind === "gate" ? verdictsNotOnRecord(inputs, entry, story, before) : []),
    ...(inputs.kind === "gate" ? waiversNotOnRecord(inputs, story.stream, before, files) : []),
    ...(isFirstAsked(entry, story) ? glassNotOnRecord(inputs, story.stream, story.id, before) : []),
    ...(inputs.kind === "gate" && isGateStep(entry, story)
      ? [
          ...approvalsNotOnRecord(inputs, story.plan, before, files),
          ...peopleNotOnRecord(inputs, story.plan, { before, shared, files }),
        ]
      : []),
  ];
}

/** The step that lets users in; what is decided on failed checks, or afterwards, asks nobody. */
function isGateStep({ payload }: LogEntry, { plan }: PromotionStory): boolean {
  const { step } = DecisionMade.safeParse(payload).data ?? {};
  return plan?.steps[step ?? -1]?.kind === "gate";
}

/** The steps that ask for everything; a return of traffic is held up by nobody's review. */
function isFirstAsked({ payload }: LogEntry, { plan, accepted }: PromotionStory): boolean {
  const { step } = DecisionMade.safeParse(payload).data ?? {};
  const kind = plan?.steps[step ?? -1]?.kind;
  return accepted.promotion !== "rollback" && (kind === "gate" || kind === "admit");
}

type GateInputs = Extract<DecisionInputs, { kind: "gate" }>;

function otherThanPlanned(
  inputs: DecisionInputs,
  { payload }: LogEntry,
  { plan, accepted }: PromotionStory,
): readonly string[] {
  // A plan that was erased says nothing against anything.
  if (plan === null) return [];
  const of = inputs.kind === "gate" ? inputs.subject : inputs;
  const wrong: string[] = [];
  const compare = (what: string, found: unknown, planned: unknown): void => {
    if (canonicalize(found) !== canonicalize(planned)) {
      wrong.push(`its inputs are for another ${what} than the plan`);
    }
  };
  compare("service", of.service, plan.lane.service);
  compare("environment", of.environment, plan.lane.environment);
  compare("release", of.release, plan.release);
  compare("configuration", of.configuration, plan.configuration);
  compare("policy", inputs.policy ?? null, plan.policy ?? null);
  if (inputs.kind === "admission") compare("kind of promotion", inputs.of, plan.kind);
  if (accepted.promotion === "rollback") return wrong;
  if (plan.gate !== undefined) compare("preset", inputs.preset, plan.gate);
  if (plan.minimumIsolation !== undefined) {
    compare("isolation", inputs.minimumIsolation, plan.minimumIsolation);
  }
  const { step, outcome } = DecisionMade.safeParse(payload).data ?? {};
  // A check that did not pass is decided over those that had run by then.
  if (inputs.kind === "gate" && plan.steps[step ?? -1]?.kind === "gate") {
    compare("list of checks", sorted(inputs.checks), sorted(plan.checks));
    compare("demand for different programs", byText(inputs.diversity), byText(plan.diversity));
    compare("list of rules", inputs.rules ?? [], plan.rules ?? []);
  }
  const kind = plan.steps[step ?? -1]?.kind;
  // One that is made once more after the promotion moves nothing.
  const opens = kind === "gate" || kind === "admit";
  if (opens && letsThrough(outcome) && inputs.ledger === null) {
    wrong.push("it allowed without holding its inputs against the ledger");
  }
  return wrong;
}

/** The policy that a plan names is the one of the documents that it names; where the pack has them. */
function policyNotInDocuments(
  plan: PlanBlob | null,
  files: ReadonlyMap<string, Uint8Array>,
): readonly string[] {
  const pipeline = plan && files.get(paths.blob(plan.pipeline));
  const environment = plan && files.get(paths.blob(plan.environment));
  if (plan?.policy === undefined || !pipeline || !environment) return [];
  try {
    const found = policyDigest(
      parsedJson(pipeline) as Pipeline,
      parsedJson(environment) as Environment,
    );
    if (found === plan.policy) return [];
    return [`its plan names the policy ${plan.policy}, and its documents have ${found}`];
  } catch {
    return ["its plan names a policy, and the documents that it names have none"];
  }
}

/** Each verdict that it leaned on is reported before it; and it passed over none that was against it. */
function verdictsNotOnRecord(
  inputs: GateInputs,
  { payload }: LogEntry,
  { id, stream }: PromotionStory,
  before: readonly LogEntry[],
): readonly string[] {
  const runs = before.filter(
    ({ leaf }) => leaf.kind === "check.reported" && leaf.stream === stream,
  );
  // Nobody can be held to what is erased.
  const isErased = (check: string): boolean =>
    runs.some((run) => run.payload === null && run.leaf.operation.includes(`/${check}/`));
  const read = (run: LogEntry): readonly ReportedRun[] => {
    const report = ReportedRun.safeParse(run.payload);
    return report.success ? [report.data] : [];
  };
  // What came late in an earlier promotion of the release counts against it as well.
  const reported = new Map(runs.flatMap((run) => read(run).map((report) => [report, run])));
  const wrong: string[] = [];
  const leaned = new Set<ReportedRun>();
  for (const item of inputs.evidence) {
    const run = [...reported.keys()].find((one) => !leaned.has(one) && saysTheSame(item, one));
    if (run) leaned.add(run);
    else if (!isErased(item.check)) {
      wrong.push(`it leaned on ${item.verdict} of the check ${item.check}, which no entry reports`);
    }
  }
  if (!letsThrough(DecisionMade.safeParse(payload).data?.outcome)) return wrong;
  for (const [run, { leaf }] of reported) {
    if (run.verdict !== "fail" || leaned.has(run) || !leaf.operation.startsWith(`${id}/`)) continue;
    if (!inputs.checks.some(({ name, phase }) => name === run.check && phase !== "live")) continue;
    wrong.push(`it allowed and passed over a report of the check ${run.check}, which says fail`);
  }
  return wrong;
}

function saysTheSame(item: GateInputs["evidence"][number], run: ReportedRun): boolean {
  return (
    item.check === run.check &&
    item.verdict === run.verdict &&
    item.summary.slice(0, run.summary.length) === run.summary &&
    (item.summary.length === run.summary.length || run.summary.length >= cut) &&
    item.release === run.release &&
    item.colour === run.colour &&
    (item.configuration === null || item.configuration === run.configuration) &&
    canonicalize(item.exercised) === canonicalize(run.exercised) &&
    item.at === run.endedAt &&
    // A time that was made later would let an old answer count.
    item.expiresAt === (run.validUntil ?? null)
  );
}

/** Entries hold at most this much of a summary. */
const cut = 2_000;

/** Only where the pack shows that lane: one about an environment does not show the others. */
function predecessorsNotOnRecord(
  inputs: DecisionInputs,
  entry: LogEntry,
  before: readonly LogEntry[],
): readonly string[] {
  const of = inputs.kind === "gate" ? inputs.subject : inputs;
  return inputs.predecessors.flatMap(({ environment, verifiedAt }) => {
    const stream = laneStream(of.service, environment);
    const lane = before.filter(({ leaf }) => leaf.stream === stream);
    if (verifiedAt === null || lane.length === 0) return [];
    const changes = lane.filter(({ leaf }) => leaf.kind === "deployment.changed");
    if (changes.some(({ payload }) => payload === null)) return [];
    const said = changes.some(({ payload }) => {
      const change = DeploymentVerified.safeParse(payload);
      const { release, verifiedAt: at } = change.data ?? {};
      return release === of.release && at === verifiedAt;
    });
    if (said) return [];
    const message = `it leaned on ${environment} having verified the release at ${verifiedAt}, which no entry before ${entry.index} says`;
    return [message];
  });
}

/** Order says nothing. */
function byText(diversity: PlanBlob["diversity"]): unknown {
  return diversity === undefined
    ? null
    : { asked: diversity.asked, scanners: sorted(diversity.scanners) };
}

function sorted(items: readonly object[]): readonly string[] {
  return items.map((item) => canonicalize(item) ?? "").sort();
}
