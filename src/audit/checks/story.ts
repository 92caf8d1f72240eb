import { letsThrough } from "../../model/decision.ts";
import { paths } from "../format.ts";
import { waivedRule } from "../../policy/waived.ts";
import type { LogEntry } from "../log-entry.ts";
import {
  Accepted,
  CheckReported,
  ConfigurationApplied,
  DecisionMade,
  DocumentRegistered,
  Ended,
  PlanBlob,
  Started,
} from "../payloads.ts";
import type { Findings } from "../report.ts";
import type { Blobs } from "./blobs.ts";
import { byStream } from "./streams.ts";

export interface Decided {
  /** Kind of the step that asked: `admit`, `gate`, `check`. */
  readonly step: string;
  readonly outcome: string;
  readonly at: string;
  readonly why: readonly string[];
}

interface Reported {
  readonly verdict: string;
  readonly summary: string;
  readonly at: string;
  /** From 1; null where its operation does not say. */
  readonly attempt: number | null;
}

/** What the log says of one promotion, in its order. */
export interface PromotionStory {
  readonly id: string;
  readonly stream: string;
  readonly accepted: Accepted;
  readonly by: string;
  readonly at: string;
  plan: PlanBlob | null;
  /** Checks by name, the last report of each. */
  readonly checks: Map<string, Reported>;
  readonly decisions: Decided[];
  /** Times at which traffic was given to it. */
  readonly switches: string[];
  /** Evidence that was erased: it satisfies nothing any more. */
  readonly erased: string[];
  ended: { readonly state: string; readonly message: string; readonly at: string } | null;
}

/**
 * Reads the promotions out of the lanes' streams and holds each to the rules: traffic is moved only by a
 * promotion that was accepted and, forward, that a gate allowed; the gate allowed over reports of every
 * check of its plan; plan, documents and configuration are the ones named.
 */
export function checkStory(
  entries: readonly LogEntry[],
  blobs: Blobs,
  findings: Findings,
): readonly PromotionStory[] {
  const promotions = new Map<string, PromotionStory>();
  for (const chain of byStream(entries).values()) {
    for (const entry of chain) follow(entry, promotions, blobs, findings);
  }
  needDocuments(entries, blobs);
  return [...promotions.values()];
}

function follow(
  entry: LogEntry,
  promotions: Map<string, PromotionStory>,
  blobs: Blobs,
  findings: Findings,
): void {
  const { kind, operation, stream, time } = entry.leaf;
  const at = { file: paths.entries, entry: entry.index, stream };
  const problem = (message: string): void => findings.problem("story", at, message);
  if (kind === "promotion.accepted") {
    findings.seen("story");
    const accepted = Accepted.safeParse(entry.payload);
    if (accepted.success) promotions.set(operation, begin(entry, accepted.data, blobs, problem));
    else if (entry.payload !== null) problem("it does not say what was accepted");
    return;
  }
  const story = promotions.get(operation.split("/", 1)[0] ?? "");
  if (story === undefined || story.stream !== stream) return;
  switch (kind) {
    case "promotion.started": {
      const started = Started.safeParse(entry.payload);
      if (started.success) story.plan = planOf(started.data.plan, entry, blobs, problem);
      return;
    }
    case "check.reported": {
      const report = CheckReported.safeParse(entry.payload);
      if (report.success) {
        const { check, verdict, summary, report: whole } = report.data;
        const attempt = /\/([1-9]\d{0,8})$/.exec(operation)?.[1];
        story.checks.set(check, {
          verdict,
          summary,
          at: time,
          attempt: attempt === undefined ? null : Number(attempt),
        });
        if (whole) blobs.need(whole, "the report", entry);
      } else if (entry.payload === null) story.erased.push(operation);
      else problem("it does not say what the check found");
      return;
    }
    case "decision.made": {
      findings.seen("story");
      decide(entry, story, problem, findings);
      return;
    }
    case "effect.intent":
      if (/^[^/]+\/\d+\/switch$/.test(operation)) move(entry, story, problem, findings);
      return;
    case "promotion.ended": {
      const ended = Ended.safeParse(entry.payload);
      if (ended.success) story.ended = { ...ended.data, at: time };
      else if (entry.payload !== null) problem("it does not say how the promotion ended");
      return;
    }
  }
}

function begin(
  entry: LogEntry,
  accepted: Accepted,
  blobs: Blobs,
  problem: (message: string) => void,
): PromotionStory {
  const { operation, stream, actor, time } = entry.leaf;
  blobs.need(accepted.release, "the release", entry);
  blobs.need(accepted.configuration, "the configuration", entry);
  const plan = planOf(accepted.plan, entry, blobs, problem);
  if (
    plan &&
    (plan.release !== accepted.release || plan.configuration !== accepted.configuration)
  ) {
    problem("its plan is for another release or configuration");
  }
  return {
    id: operation,
    stream,
    accepted,
    by: actor,
    at: time,
    plan,
    checks: new Map(),
    decisions: [],
    switches: [],
    erased: [],
    ended: null,
  };
}

function planOf(
  digest: Accepted["plan"],
  entry: LogEntry,
  blobs: Blobs,
  problem: (message: string) => void,
): PlanBlob | null {
  const value = blobs.needJson(digest, "the plan", entry);
  if (value === null) return null;
  const plan = PlanBlob.safeParse(value);
  if (!plan.success) {
    problem("its plan is not one that this program can read");
    return null;
  }
  if (`${plan.data.lane.service}/${plan.data.lane.environment}` !== entry.leaf.stream) {
    problem("its plan is for another environment");
  }
  blobs.need(plan.data.pipeline, "the pipeline document in force", entry);
  blobs.need(plan.data.environment, "the environment document in force", entry);
  return plan.data;
}

/** Only reports that stand before a decision can have been looked at by it. */
function decide(
  entry: LogEntry,
  story: PromotionStory,
  problem: (message: string) => void,
  findings: Findings,
): void {
  const decision = DecisionMade.safeParse(entry.payload);
  if (!decision.success) {
    if (entry.payload !== null) problem("it does not say what was decided");
    else story.erased.push(entry.leaf.operation);
    return;
  }
  const { outcome, reasons } = decision.data;
  const why = reasons.map(({ rule, message }) => `${rule}: ${message}`);
  const step = story.plan?.steps[decision.data.step ?? -1]?.kind ?? "gate";
  story.decisions.push({ step, outcome, at: entry.leaf.time, why });
  // An admission looks at what is there before anything was checked; the gate, at everything.
  // Of what people set aside its inputs say which check it was, and those are made again.
  if (step !== "gate" || !letsThrough(outcome) || story.accepted.promotion === "rollback") return;
  const setAside = new Set(decision.data.brokenGlass?.setAside);
  for (const { name, phase, allowWarn, outOfBand, retries = 0 } of story.plan?.checks ?? []) {
    if (phase === "live" || setAside.has(`check ${name}`)) continue;
    const report = story.checks.get(name);
    // Only an error that is tried again is no answer yet; whatever else it said by then counts, as in band.
    const again =
      report?.verdict === "error" && report.attempt !== null && report.attempt <= retries;
    if (outOfBand && (report === undefined || again)) {
      findings.note(
        "story",
        `entry ${entry.index}: the gate did not wait for the check ${name}, which the plan leaves out of band`,
      );
      continue;
    }
    const passed = report?.verdict === "pass" || (allowWarn && report?.verdict === "warn");
    const accepted = reasons.find(
      ({ rule, message }) => rule === waivedRule && message.startsWith(`check ${name}: `),
    );
    if (!passed && accepted !== undefined) {
      // That two people signed it, and that it held, is verified with the waivers and with the decision itself.
      findings.note("story", `entry ${entry.index}: ${accepted.message}`);
      continue;
    }
    if (report !== undefined) {
      if (passed) continue;
      problem(`the gate allowed although the check ${name} says ${report.verdict}`);
    } else if (story.erased.some((operation) => operation.split("/")[2] === name)) {
      findings.note(
        "story",
        `entry ${entry.index}: the report of the check ${name} was erased: that the gate was right to allow ${story.id} cannot be seen any more`,
      );
    } else problem(`the gate allowed without a report of the check ${name}`);
  }
}

function move(
  entry: LogEntry,
  story: PromotionStory,
  problem: (message: string) => void,
  findings: Findings,
): void {
  findings.seen("story");
  story.switches.push(entry.leaf.time);
  // A return is decided by whoever asks for it (law 9), and that stands in promotion.accepted.
  if (story.accepted.promotion === "rollback") return;
  const last = story.decisions.findLast(({ step }) => step === "gate");
  if (last !== undefined && (last.outcome === "allow" || last.outcome === "break-glass")) return;
  if (last === undefined && story.erased.length > 0) {
    findings.note(
      "story",
      `entry ${entry.index}: the decision of ${story.id} was erased: that this was allowed cannot be seen any more`,
    );
    return;
  }
  problem(
    last === undefined
      ? `traffic was given to ${story.accepted.release} without a decision`
      : `traffic was given to ${story.accepted.release} although the gate said ${last.outcome}`,
  );
}

/** Documents, configurations and releases by the entries that brought them. */
function needDocuments(entries: readonly LogEntry[], blobs: Blobs): void {
  for (const entry of entries) {
    const { kind, operation } = entry.leaf;
    if (kind === "document.registered") {
      const document = DocumentRegistered.safeParse(entry.payload);
      if (document.success) blobs.need(document.data.digest, "the document", entry);
    } else if (kind === "configuration.applied") {
      const applied = ConfigurationApplied.safeParse(entry.payload);
      if (applied.success) blobs.need(applied.data.digest, "the configuration", entry);
    } else if (kind === "release.created" && entry.payload !== null) {
      const id = /^release\/(sha256:[0-9a-f]{64})$/.exec(operation)?.[1];
      if (id !== undefined) blobs.need(id as Accepted["release"], "the release", entry);
    }
  }
}
