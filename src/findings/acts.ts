import { TidelockError } from "../model/errors.ts";
import type { FindingStatus } from "../model/finding.ts";
import type { FalsePositive, Transition } from "./life-cycle.ts";

/**
 * What people say of a finding. It goes as far as `fixed`; further goes only what a scan sees (life-cycle.ts). Two
 * people are needed to set one aside, with a reason and an end.
 */
export type FindingAct =
  | { readonly kind: "triage" }
  | { readonly kind: "assign"; readonly to: string | null }
  | { readonly kind: "start" }
  | { readonly kind: "fix" }
  | { readonly kind: "reopen"; readonly reason: string }
  | { readonly kind: "false-positive"; readonly reason: string; readonly until: string }
  | { readonly kind: "confirm" }
  | { readonly kind: "reject"; readonly reason: string }
  | { readonly kind: "pause"; readonly reason: string }
  | { readonly kind: "resume" }
  | { readonly kind: "note"; readonly text: string };
export type FindingActKind = FindingAct["kind"];

/** Who does it, when. Times are RFC 3339. */
export interface Acting {
  readonly by: string;
  /** An unproven identity may be anybody's: it counts as the other person's as well. */
  readonly proven: boolean;
  /** A single person works here, which claims nothing: the second person may be the first. */
  readonly solo: boolean;
  readonly at: string;
}

export interface Proposal {
  readonly by: string;
  readonly proven: boolean;
  readonly reason: string;
  readonly until: string;
  readonly at: string;
}

/** What acts change of a finding. */
export interface Handled {
  readonly status: FindingStatus;
  readonly assignee: string | null;
  /** Whoever worked on it: none of them confirms that it is no finding. */
  readonly handledBy: readonly string[];
  readonly proposal: Proposal | null;
  readonly falsePositive: FalsePositive | null;
  readonly paused: { readonly reason: string; readonly since: string } | null;
  /** As `fingerprintKey` writes them. */
  readonly fingerprints: readonly string[];
  readonly trusted: boolean;
}

export interface Acted<T extends Handled> {
  readonly finding: T;
  /** Null where the act changes no status. */
  readonly transition: Transition | null;
}

/** Longest time for which a finding may be set aside, in days. */
export const longestFalsePositiveDays = 365;

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
 * @throws TidelockError `conflict` where the finding's status does not allow it, `forbidden` where this person may not,
 *   `invalid-input` for a reason or an end that is none
 */
export function act<T extends Handled>(finding: T, done: FindingAct, acting: Acting): Acted<T> {
  switch (done.kind) {
    case "triage":
    case "start":
    case "fix":
    case "reopen":
      return move(finding, done, acting);
    case "assign":
      return still({ ...finding, assignee: done.to });
    case "note":
      requireText(done.text, "note");
      return still(finding);
    case "false-positive":
      return propose(finding, done, acting);
    case "confirm":
      return confirm(finding, acting);
    case "reject":
      requireText(done.reason, "reason");
      if (finding.proposal === null) throw nothingProposed("reject");
      return still({ ...finding, proposal: null });
    case "pause":
      requireText(done.reason, "reason");
      requireStatus(finding, atWork, "pause");
      if (finding.paused) throw conflict("its clock is paused already", "resume it first");
      return still({ ...finding, paused: { reason: done.reason, since: acting.at } });
    case "resume":
      if (!finding.paused) throw conflict("its clock is not paused", "there is nothing to do");
      return still({ ...finding, paused: null });
  }
}

function move<T extends Handled>(
  finding: T,
  done: Extract<FindingAct, { kind: keyof typeof moves }>,
  { by }: Acting,
): Acted<T> {
  const { from, to, why } = moves[done.kind];
  requireStatus(finding, from, done.kind);
  const reopened = done.kind === "reopen";
  if (reopened) requireText(done.reason, "reason");
  const reason = reopened ? `${why}: ${done.reason}` : why;
  return {
    finding: {
      ...finding,
      status: to,
      handledBy: withPerson(finding.handledBy, by),
      ...(reopened ? { falsePositive: null, proposal: null } : {}),
    },
    transition: { from: finding.status, to, why: reason, reopened },
  };
}

function propose<T extends Handled>(
  finding: T,
  { reason, until }: { readonly reason: string; readonly until: string },
  { by, proven, at }: Acting,
): Acted<T> {
  requireText(reason, "reason");
  requireStatus(finding, atWork, "false-positive");
  const days = (Date.parse(until) - Date.parse(at)) / 86_400_000;
  if (!(days > 0 && days <= longestFalsePositiveDays)) {
    throw new TidelockError("invalid-input", `a false positive cannot last until ${until}`, {
      fault: "operator",
      where: "until",
      hint: `choose a time within ${longestFalsePositiveDays} days from now`,
    });
  }
  return still({ ...finding, proposal: { by, proven, reason, until, at } });
}

function confirm<T extends Handled>(finding: T, { by, proven, solo, at }: Acting): Acted<T> {
  const { proposal, status } = finding;
  if (proposal === null) throw nothingProposed("confirm");
  requireStatus(finding, atWork, "confirm");
  if (!(Date.parse(at) < Date.parse(proposal.until))) {
    throw conflict("the proposal has expired", "propose it anew, with a later end");
  }
  const own = proposal.by === by || finding.handledBy.includes(by);
  if (!solo && (own || !proven || !proposal.proven)) {
    throw new TidelockError(
      "forbidden",
      own
        ? `${by} worked on this finding and cannot be the second person`
        : "nobody can tell that these are two people",
      { fault: "operator", hint: "let somebody else confirm it, signed in as themselves" },
    );
  }
  const { reason, until } = proposal;
  const why = `a false positive: ${reason}`;
  return {
    finding: {
      ...finding,
      status: "false-positive",
      proposal: null,
      falsePositive: {
        reason,
        proposedBy: proposal.by,
        confirmedBy: by,
        until,
        fingerprints: finding.fingerprints,
        trusted: finding.trusted,
      },
    },
    transition: { from: status, to: "false-positive", why, reopened: false },
  };
}

function still<T extends Handled>(finding: T): Acted<T> {
  return { finding, transition: null };
}

function withPerson(people: readonly string[], by: string): readonly string[] {
  return people.includes(by) ? people : [...people, by];
}

function requireStatus(
  { status }: Handled,
  allowed: readonly FindingStatus[],
  what: FindingActKind,
): void {
  if (allowed.includes(status)) return;
  throw conflict(
    `a finding that is ${status} cannot be put to ${what}`,
    `this is for one that is ${allowed.join(", ")}`,
  );
}

function requireText(text: string, where: string): void {
  if (text.trim() !== "") return;
  throw new TidelockError("invalid-input", `the ${where} is empty`, {
    fault: "operator",
    where,
    hint: "say in a sentence why, for whoever reads the history",
  });
}

function nothingProposed(what: FindingActKind): TidelockError {
  return conflict(
    `there is no proposal to ${what}`,
    "somebody proposes first that it is a false positive",
  );
}

function conflict(message: string, hint: string): TidelockError {
  return new TidelockError("conflict", message, { fault: "operator", hint });
}
