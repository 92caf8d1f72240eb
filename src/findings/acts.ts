import { TidelockError } from "../model/errors.ts";
import type { AskedJudgement, FindingAct } from "../model/finding-act.ts";
import type { FindingStatus } from "../model/finding.ts";
import { isAtLeast, type Severity } from "../model/observation.ts";
import type { Transition } from "./life-cycle.ts";

/**
 * What one person may say of a finding: it opens no gate, and leads as far as `fixed`. Further goes only what a scan
 * sees (life-cycle.ts), or what two people have signed.
 */
export type PlainAct = Exclude<FindingAct, AskedJudgement>;

/** What such acts change of a finding. */
export interface Handled {
  readonly status: FindingStatus;
  readonly severity: Severity;
  readonly assignee: string | null;
  /** Why its clock stands still; null when it runs. */
  readonly paused: string | null;
}

export interface Acted {
  readonly finding: Handled;
  /** Null where the act changes no status. */
  readonly transition: Transition | null;
}

/** From where each of the acts that move a finding may be done, and where it leads. */
const moves: Readonly<
  Record<
    "triage" | "start" | "fix" | "reopen",
    { readonly from: readonly FindingStatus[]; readonly to: FindingStatus; readonly why: string }
  >
> = {
  triage: { from: ["open"], to: "triaged", why: "looked at" },
  start: { from: ["open", "triaged"], to: "in-progress", why: "work on it began" },
  fix: { from: ["open", "triaged", "in-progress"], to: "fixed", why: "said to be fixed" },
  reopen: {
    from: ["fixed", "verified", "closed", "false-positive"],
    to: "open",
    why: "opened again",
  },
};

/** Statuses in which a finding is somebody's work. */
const atWork: readonly FindingStatus[] = ["open", "triaged", "in-progress", "fixed"];

/**
 * Carries out an act, or refuses it. Pure.
 *
 * @throws TidelockError `conflict` where the finding does not stand where the act leads on
 */
export function act(finding: Handled, done: PlainAct): Acted {
  switch (done.kind) {
    case "triage":
    case "start":
    case "fix":
    case "reopen":
      return move(finding, done);
    case "assign":
      return still({ ...finding, assignee: done.to });
    case "note":
      return still(finding);
    case "raise":
      requireWorse(finding, done.severity);
      return still(finding);
    case "pause":
      requireStatus(finding, atWork, "pause");
      if (finding.paused !== null) throw conflict("its clock is paused already", "resume it first");
      return still({ ...finding, paused: done.reason });
    case "resume":
      if (finding.paused === null) {
        throw conflict("its clock is not paused", "there is nothing to do");
      }
      return still({ ...finding, paused: null });
  }
}

function move(finding: Handled, done: Extract<PlainAct, { kind: keyof typeof moves }>): Acted {
  const { from, to, why } = moves[done.kind];
  requireStatus(finding, from, done.kind);
  const reopened = done.kind === "reopen";
  return {
    finding: { ...finding, status: to },
    transition: {
      from: finding.status,
      to,
      why: reopened ? `${why}: ${done.reason}` : why,
      reopened,
    },
  };
}

function still(finding: Handled): Acted {
  return { finding, transition: null };
}

function requireStatus(
  { status }: Handled,
  allowed: readonly FindingStatus[],
  what: PlainAct["kind"],
): void {
  if (allowed.includes(status)) return;
  throw conflict(
    `a finding that is ${status} cannot be put to ${what}`,
    `this is for one that is ${allowed.join(", ")}`,
  );
}

function requireWorse({ severity }: Handled, raised: Severity): void {
  if (!isAtLeast(severity, raised)) return;
  throw conflict(
    severity === raised
      ? `it is ${severity} already`
      : `it is ${severity}, which is worse than ${raised}`,
    severity === "critical"
      ? "nothing is worse than critical"
      : `raise it to something worse than ${severity}; --as lower says that it is less bad`,
  );
}

function conflict(message: string, hint: string): TidelockError {
  return new TidelockError("conflict", message, { fault: "operator", hint });
}
