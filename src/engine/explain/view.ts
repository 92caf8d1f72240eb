import type { ExplainedPart, GateExplanation } from "../../api/views/gate.ts";
import { canonicalJson } from "../../model/canonical.ts";
import type { Decision, Outcome } from "../../model/decision.ts";
import type { Environment } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import { hasEnded } from "../../model/promotion.ts";
import { type Part, partsOf } from "../../policy/explain.ts";
import type { DecisionInputs } from "../../policy/replay.ts";
import { documentByDigest } from "../../store/queries/catalogue.ts";
import { checkRunById } from "../../store/queries/evidence.ts";
import type { PromotionRow, ReleaseRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { knownAbout, leaningsOf } from "./leans-on.ts";
import { type About, nextFor } from "./next.ts";

/** A decision and whose it is. */
export interface Explained {
  readonly plan: Plan;
  readonly release: ReleaseRow;
  /** Null: nothing was promoted. */
  readonly promotion: PromotionRow | null;
  readonly decision: Decision;
  /** Null: they are gone. */
  readonly inputs: DecisionInputs | null;
  /** Whether they stand under their digest in the store. */
  readonly kept: boolean;
  readonly place: GateExplanation["place"];
  /** RFC 3339. */
  readonly at: string;
  readonly about: GateExplanation["about"];
}

/** A decision as people read it: each part with what it read, leaned on, and what would change it. */
export async function explanationOf(engine: Engine, of: Explained): Promise<GateExplanation> {
  const { plan, release, promotion, decision, inputs } = of;
  const found = inputs === null ? bareParts(decision) : partsOf(inputs, decision);
  const known = await knownAbout(
    engine,
    plan.release,
    plan.lane.environment,
    promotion?.id ?? null,
  );
  const open = known.requests.filter((one) => one.open);
  const about: About = {
    lane: plan.lane,
    version: release.version,
    promotion: promotion?.id ?? null,
    facts: inputs?.kind === "gate" ? (inputs.facts ?? undefined) : undefined,
    found: await foundBy(engine, found),
    asked: new Map(open.map(({ check, id, role }) => [check, { id, role }])),
  };
  const floor = await floorOf(engine, plan);
  const parts = await Promise.all(
    found.map(async (part): Promise<ExplainedPart> => {
      const pending = of.about !== "decision" && isPending(part, found);
      const { reason, read } = part;
      return {
        ...reason,
        pending,
        from: floor.has(`${reason.rule.split(".")[0]} ${part.of ?? ""}`) ? "floor" : part.from,
        read: [...read],
        leansOn: [...(await leaningsOf(engine, known, part))],
        next: nextFor(part, about, pending),
      };
    }),
  );
  const outcome = outcomeOf(parts, decision.outcome);
  return {
    service: plan.lane.service,
    environment: plan.lane.environment,
    release: { id: plan.release, version: release.version },
    promotion: promotion?.id ?? null,
    state: promotion?.state ?? "not promoted",
    about: of.about,
    place: of.place,
    outcome,
    summary: summaryOf(of, parts, outcome),
    waiting: waitingOf(promotion),
    at: of.at,
    inputs: of.kept ? decision.inputs : null,
    parts: parts.sort((a, b) => rank(a) - rank(b)),
  };
}

/** The inputs are gone: the reasons are all there is. */
function bareParts({ reasons }: Decision): readonly Part[] {
  return reasons.map((reason) => ({
    reason,
    of: null,
    from: "server",
    read: [],
    run: null,
    promotion: null,
    ahead: false,
  }));
}

/**
 * Not looked at yet: a check that has not run, and what is only known when all have. Nobody should take it for a no,
 * and nobody for a yes.
 */
function isPending({ reason, run, read, ahead }: Part, all: readonly Part[]): boolean {
  if (reason.outcome !== "deny") return false;
  if (ahead) return true;
  const [kind = ""] = reason.rule.split(".");
  if (kind === "check") return reason.rule === "check.missing" && run === null;
  if (kind === "identity") return true;
  const later = all.some((one) => one.reason.rule === "check.missing" && one.run === null);
  if (kind === "diversity") return later;
  const roots = new Set(read.map(({ name }) => name.split(/[.[]/)[0]));
  return kind === "rule" && later && (roots.has("checks") || roots.has("approvals"));
}

function outcomeOf(parts: readonly ExplainedPart[], said: Outcome): Outcome {
  const sure = parts.filter(({ pending }) => !pending);
  if (sure.length === parts.length) return said;
  return sure.some(({ outcome }) => outcome === "deny") ? "deny" : "wait";
}

const order: readonly Outcome[] = ["deny", "wait", "break-glass", "allow"];

/** What is known to be bad, then what waits, then what is not known yet, then what is good. */
function rank({ outcome, pending }: ExplainedPart): number {
  return pending ? 1.5 : order.indexOf(outcome);
}

/** How the summary of what is not decided yet begins. */
export const previewWords = "not at its gate yet; now it";

const verbs = {
  decision: {
    allow: "allowed",
    deny: "denied",
    wait: "told to wait",
    "break-glass": "let through by BREAK-GLASS",
  },
  now: {
    allow: "would be allowed",
    deny: "would be denied",
    wait: "would have to wait",
    "break-glass": "would be let through by BREAK-GLASS",
  },
} as const;

function summaryOf(of: Explained, parts: readonly ExplainedPart[], outcome: Outcome): string {
  const count = (is: (one: ExplainedPart) => boolean) => parts.filter(is).length;
  const against = count((one) => !one.pending && one.outcome === "deny");
  const pending = count((one) => one.pending);
  const ended = of.inputs?.kind === "gate" && of.inputs.ended !== undefined;
  const there = ended ? "on its checks, before its gate" : "at its gate";
  const where = of.place === "admission" ? "at admission" : there;
  const verb = of.about === "decision" ? verbs.decision[outcome] : verbs.now[outcome];
  const why = [
    ...(against > 0 ? [`${against} of ${parts.length} parts against it`] : []),
    ...(pending > 0 ? [`${pending} not known yet`] : []),
  ];
  const text = `${verb} ${where}${why.length > 0 ? `: ${why.join(", ")}` : ""}`;
  return of.about === "preview" ? `${previewWords} ${text}` : text;
}

function waitingOf(row: PromotionRow | null): GateExplanation["waiting"] {
  if (!row || hasEnded(row.state) || row.wait_reason === null) return null;
  const until = row.wait_until?.toISOString() ?? null;
  return { reason: row.wait_reason, who: row.wait_who ?? "", until };
}

/** Checks and requirements that the environment's owners ask for, as they ask for them: `check sast`. */
async function floorOf({ db }: Engine, plan: Plan): Promise<ReadonlySet<string>> {
  const document = await documentByDigest<Environment>(db, "Environment", plan.environment);
  const { checks = [], requirements = [] } = document?.spec.floor ?? {};
  const floor = new Set(checks.map(canonicalJson));
  return new Set([
    ...plan.checks
      .filter((one) => floor.has(canonicalJson(one)))
      .map(({ name }) => `check ${name}`),
    ...requirements.map(({ id }) => `requirement ${id}`),
  ]);
}

/** What a check of findings counted against the release: its report names them. */
async function foundBy(
  { db }: Engine,
  parts: readonly Part[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const { of, run, read } of parts) {
    const uses = read.find(({ name }) => name === "uses")?.value;
    if (of === null || run?.run === undefined || uses !== "findings") continue;
    const row = await checkRunById(db, run.run);
    const ids = (row?.report?.results ?? []).flatMap(({ name, verdict }) => {
      const [id = ""] = name.split(" ", 1);
      return verdict === "fail" && /^F-\d+$/.test(id) ? [id] : [];
    });
    if (ids.length > 0) found.set(of, ids);
  }
  return found;
}
