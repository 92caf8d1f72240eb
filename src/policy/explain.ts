import type { Decision, Reason } from "../model/decision.ts";
import type { Obligation } from "../model/requirements.ts";
import { readBy } from "./explain-rule.ts";
import { decisiveEvidence, type Evidence } from "./evidence.ts";
import type { DecisionInputs } from "./replay.ts";
import { limitedBy } from "./max-age.ts";
import { fits, proofsOf, type ShownProof } from "./obligations/shown.ts";
import { predecessorGround, span } from "./predecessors.ts";

/** Why a decision is what it is: to each of its reasons what that read. Pure; of the decision nothing is left out. */

export type Origin = "preset" | "floor" | "pipeline" | "server";

export interface Part {
  readonly reason: Reason;
  /** The check, environment or rule that it is about; null for what is about all. */
  readonly of: string | null;
  readonly from: Origin;
  readonly read: readonly { readonly name: string; readonly value: string }[];
  /** The run that decided, of a check that has one. */
  readonly run: Evidence | null;
  /** The promotion that verified it there, of a predecessor. */
  readonly promotion: string | null;
  /** What it lacks is for checks of this promotion to show that have not run yet. */
  readonly ahead: boolean;
}

/** One part for each reason, in the decision's order: worst first. */
export function partsOf(inputs: DecisionInputs, decision: Decision): readonly Part[] {
  return decision.reasons.map((reason) => ({
    reason,
    of: null,
    from: "server" as const,
    read: [],
    run: null,
    promotion: null,
    ahead: false,
    ...detailOf(inputs, reason),
  }));
}

type Detail = Partial<Omit<Part, "reason">>;

function detailOf(inputs: DecisionInputs, reason: Reason): Detail {
  const [kind = ""] = reason.rule.split(".");
  switch (kind) {
    case "check":
      return inputs.kind === "gate" ? ofCheck(inputs, reason) : {};
    case "rule":
      return inputs.kind === "gate" ? ofRule(inputs, reason) : {};
    case "predecessor":
      return ofPredecessor(inputs, reason);
    case "isolation":
    case "identity":
    case "governance":
      return ofGrade(inputs, kind);
    case "checks":
      return { from: "preset", ...(inputs.kind === "gate" ? readChecks(inputs) : {}) };
    case "evidence":
      return {
        from: "floor",
        read: [{ name: "asked", value: reason.rule.slice("evidence.".length) }],
      };
    case "window":
      return ofWindow(inputs);
    case "line":
    case "release":
      return ofStop(inputs, reason);
    case "requirement":
    case "threat":
      return inputs.kind === "gate" ? ofObligation(inputs, kind, reason) : {};
    case "threat-model":
      return inputs.kind === "gate" ? ofSurface(inputs) : {};
    case "bindings":
    case "isolation-proof":
      return { from: "preset" };
    case "configuration":
      return inputs.kind === "admission" ? readKeys(inputs) : {};
    default:
      return {};
  }
}

type GateInputs = Extract<DecisionInputs, { kind: "gate" }>;
type AdmissionInputs = Extract<DecisionInputs, { kind: "admission" }>;

function ofCheck(inputs: GateInputs, { message }: Reason): Detail {
  const demand = inputs.checks.find(
    ({ name }) => message.startsWith(`check ${name}:`) || message.startsWith(`check ${name} `),
  );
  if (demand === undefined) return {};
  const evidence = limitedBy(inputs.maxAgeMs, inputs.evidence);
  const shown = decisiveEvidence(demand, inputs.subject, evidence, inputs.now);
  const { uses, phase, allowWarn } = demand;
  const asked = [
    { name: "uses", value: uses },
    { name: "phase", value: phase },
    ...(allowWarn ? [{ name: "may warn", value: "yes" }] : []),
  ];
  if (shown === undefined) return { of: demand.name, from: "pipeline", read: asked };
  const { exercised, at, expiresAt } = shown.evidence;
  const ageMs = Date.parse(inputs.now) - Date.parse(at);
  return {
    of: demand.name,
    from: "pipeline",
    run: shown.evidence,
    read: [
      ...asked,
      { name: "verdict", value: shown.verdict },
      { name: "exercised", value: exercisedText(exercised) },
      { name: "age at the decision", value: span(ageMs) },
      ...(expiresAt === null ? [] : [{ name: "counts until", value: expiresAt }]),
    ],
  };
}

function exercisedText({ requests, assertions, files }: Evidence["exercised"]): string {
  const said = [
    [requests, "requests"],
    [assertions, "assertions"],
    [files, "files"],
  ] as const;
  const text = said.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])).join(", ");
  return text || "nothing";
}

function ofRule(inputs: GateInputs, { rule, message }: Reason): Detail {
  const named = (inputs.rules ?? []).filter(({ name }) => rule === `rule.${name}`);
  // The floor's and the service's own may bear one name: the floor's says whose it is.
  const floors = message.includes(" of the environment");
  const planned = named.find(({ from }) => (from === "floor") === floors) ?? named[0];
  if (planned === undefined) return {};
  return {
    of: planned.name,
    from: planned.from,
    read: [
      { name: "require", value: planned.require },
      ...(inputs.facts ? readBy(planned.require, inputs.facts) : []),
    ],
  };
}

function ofPredecessor({ predecessors, now }: DecisionInputs, { message }: Reason): Detail {
  const found = predecessors.find((one) => predecessorGround(one, now).message === message);
  if (found === undefined) return { from: "pipeline" };
  const { environment, verifiedAt, healthy, soakMs } = found;
  const { promotion } = found as { promotion?: string | null };
  return {
    of: environment,
    from: "pipeline",
    promotion: promotion ?? null,
    read: [
      { name: "verified", value: verifiedAt ?? "never" },
      { name: "healthy", value: healthy ? `${healthy.from} to ${healthy.until ?? "now"}` : "no" },
      { name: "soak", value: span(soakMs) },
    ],
  };
}

function ofGrade(inputs: DecisionInputs, kind: "isolation" | "identity" | "governance"): Detail {
  const asked = kind === "isolation" ? [{ name: "at least", value: inputs.minimumIsolation }] : [];
  return {
    from: kind === "governance" ? "server" : "preset",
    read: [
      { name: "preset", value: inputs.preset },
      ...asked,
      { name: kind, value: inputs.grades[kind] },
    ],
  };
}

/** Windows are the owners', or the service's own where only its file has some. */
function ofWindow({ schedule }: DecisionInputs): Detail {
  if (schedule === undefined) return { from: "floor" };
  const owners = schedule.calendars.some((one) => one.of === "environment");
  return {
    from: owners ? "floor" : "pipeline",
    read: [
      ...schedule.calendars.flatMap(({ of, windows, freezes }) => [
        ...windows.map(({ name, days, from, to, timezone, owner }) => ({
          name: `window ${name}`,
          value: `${days.join(", ")} ${from}-${to} ${timezone}, ${owner} (${of})`,
        })),
        ...freezes.map(({ name, owner, reason }) => ({
          name: `freeze ${name}`,
          value: `${owner}: ${reason} (${of})`,
        })),
      ]),
      { name: "time zones", value: schedule.timeZones },
    ],
  };
}

function ofStop({ stops }: DecisionInputs, { message }: Reason): Detail {
  const stop = (stops ?? []).find(({ id }) => message.includes(`(${id})`));
  if (stop === undefined) return {};
  const { id, scope, reason, by, since } = stop;
  return {
    of: id,
    read: [
      { name: "stop", value: `${id}, ${scope}` },
      { name: "since", value: `${since} by ${by}` },
      { name: "reason", value: reason },
    ],
  };
}

/** What each proof of it has to show for itself. Whose document asks, `gate explain` says beside it. */
function ofObligation(inputs: GateInputs, kind: string, { message }: Reason): Detail {
  const { obligations, subject, now } = inputs;
  const asked = (obligations?.asked ?? []).find(
    (one) =>
      one.kind === kind &&
      (message.startsWith(`${kind} ${one.id} (`) || message.startsWith(`${kind} ${one.id} is met`)),
  );
  if (asked === undefined || obligations === undefined) return { from: "pipeline" };
  const proofs = asked.proofs as Obligation["proofs"];
  const shown = proofsOf({ proofs }, obligations.runs, subject.environment, now);
  const lacking = shown.filter(({ lack }) => lack !== null);
  return {
    of: asked.id,
    from: "pipeline",
    read: shown.map((one) => ({ name: one.name, value: proofText(one, now) })),
    ahead: lacking.length > 0 && lacking.every((one) => isAhead(one, inputs)),
  };
}

/** It has not run, and a check of this promotion that would show it has not answered yet. */
function isAhead(
  { proof, environment, run }: ShownProof,
  { checks, evidence, subject }: GateInputs,
): boolean {
  if (run !== null || environment !== subject.environment) return false;
  return checks.some(
    ({ name, uses, with: told }) =>
      fits(proof, { uses, check: name, with: told }) &&
      !evidence.some(({ check }) => check === name),
  );
}

function proofText({ lack, run }: ShownProof, now: string): string {
  const said = lack ?? "passed";
  if (run === null) return said;
  const age = span(Date.parse(now) - Date.parse(run.at));
  return `${said} (check ${run.check}: ${run.verdict}, ${age} old at the decision)`;
}

function ofSurface({ obligations }: GateInputs): Detail {
  const surface = obligations?.surface;
  if (!surface) return { from: "pipeline" };
  return {
    from: "pipeline",
    read: [
      { name: "reviewed", value: surface.reviewed },
      { name: "new since", value: surface.added.join("; ") || "nothing" },
      { name: "gone since", value: surface.removed.join("; ") || "nothing" },
    ],
  };
}

function readChecks({ preset, checks }: GateInputs): Detail {
  const names = checks.filter(({ phase }) => phase !== "live").map(({ name }) => name);
  return {
    read: [
      { name: "preset", value: preset },
      { name: "checks", value: names.join(", ") || "none" },
    ],
  };
}

function readKeys({ keys }: AdmissionInputs): Detail {
  const missing = keys.needed.filter((key) => !keys.given.includes(key));
  return {
    // Each key once, as `config set` takes them.
    of: missing.length === 0 ? null : [...new Set(missing)].join(", "),
    from: "pipeline",
    read: [{ name: "not set", value: missing.join(", ") || "none" }],
  };
}
