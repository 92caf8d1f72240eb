import type { ApprovalBasis, AskedApproval } from "../../model/approval.ts";
import { filledApart, whyMade } from "./places.ts";
import type { ApprovalsInput, AskedNow, GivenAnswer } from "./given.ts";
import { type GovernanceMode, ownWork, unprovenIn } from "./separation.ts";
import { worseThan } from "./worse.ts";

/** What approvals say to a gate, in sentences. */
export interface ApprovalSays {
  readonly outcome: "allow" | "wait" | "deny";
  readonly message: string;
  /** RFC 3339: time alone ends the wait. */
  readonly until?: string;
}

export interface ApprovalContext {
  /** RFC 3339, by the database's clock. */
  readonly now: string;
  readonly mode: GovernanceMode;
  /** Verdicts and findings as they are now. */
  readonly basis: ApprovalBasis;
}

/**
 * Whether those who are asked have approved exactly this (laws 4 and 5): enough different people with each role, none of
 * them about own work, in time, about this content, and with nothing worse since. One rejection denies. Pure and total.
 */
export function evaluateApprovals(
  input: ApprovalsInput,
  context: ApprovalContext,
): readonly ApprovalSays[] {
  if (context.basis.findings === null) {
    return [says("deny", "what is open of this release cannot be known, so nobody can approve it")];
  }
  const { request, asks } = input;
  if (request === null) {
    return [says("wait", `${inWords(asks)} asked for as soon as everything else allows it`)];
  }
  const voided = whyVoid(input, context);
  if (voided.length > 0) {
    return [says("wait", `the approvals are void, and asked for anew: ${voided.join("; ")}`)];
  }
  const rejected = input.answers.find((answer) => rejects(answer, input));
  if (rejected) return [says("deny", `${rejected.person} rejected it as ${rejected.role}`)];
  return counted(input, context);
}

/** Why the open request is about something else than what is there; empty: it is not. */
export function whyVoid(
  { request, now }: Pick<ApprovalsInput, "request" | "now">,
  { basis }: Pick<ApprovalContext, "basis">,
): readonly string[] {
  if (request === null) return [];
  const { asked } = request;
  const other = (Object.keys(now) as (keyof AskedNow)[]).filter((key) => asked[key] !== now[key]);
  return [
    ...other.map((key) => `the ${key} is ${now[key]}, and ${asked[key]} was signed`),
    ...worseThan(request.basis, basis),
  ];
}

function says(outcome: ApprovalSays["outcome"], message: string, until?: string): ApprovalSays {
  return { outcome, message, ...(until === undefined ? {} : { until }) };
}

function rejects(answer: GivenAnswer, { asks, request }: ApprovalsInput): boolean {
  const { purpose, against, role } = answer;
  // Somebody who has worked on it may very well say that it must not go.
  if (purpose !== "reject" || against !== null) return false;
  return (
    answer.request === request?.asked.request && asks.some(({ roles }) => roles.includes(role))
  );
}

/** Why an approval does not count, in a sentence; `from`: it will, at that moment. */
type Counting = { readonly why: string | null; readonly from?: string };

/** Whether one approval counts towards one demand. */
export function counting(
  answer: GivenAnswer,
  ask: AskedApproval,
  { request, lineage }: Pick<ApprovalsInput, "request" | "lineage">,
  { now, mode }: Pick<ApprovalContext, "now" | "mode">,
): Counting {
  if (request === null || answer.request !== request.asked.request) {
    return { why: "it answers another request" };
  }
  if (answer.purpose !== "approve") return { why: "it is a rejection" };
  if (!ask.roles.includes(answer.role)) return { why: `it was given as ${answer.role}` };
  if (answer.against !== null) return { why: answer.against };
  const copied = copyable(answer, ask);
  if (copied !== null) return { why: copied };
  const own = ownWork(answer, lineage, mode);
  if (own !== null) return { why: own };
  const end = endOf(answer, ask);
  // A comparison with what is no time is false: then it does not count.
  if (!(Date.parse(now) < end)) return { why: "it has expired" };
  const from = Math.max(
    Date.parse(answer.at),
    Date.parse(request.at) + ask.notBeforeMs,
    answer.notBefore === null ? 0 : Date.parse(answer.notBefore),
  );
  if (Date.parse(now) >= from) return { why: null };
  if (!Number.isFinite(from) || from >= end) return { why: "it expires before it counts" };
  const at = new Date(from).toISOString();
  return { why: `it counts from ${at} on`, from: at };
}

/** Why a key is not bound to one device where that is asked, in a sentence; null: it is, or nobody asks. */
export function copyable(
  { method, deviceBound }: Pick<GivenAnswer, "method" | "deviceBound">,
  ask: Pick<AskedApproval, "deviceBound">,
): string | null {
  if (ask.deviceBound !== true || deviceBound === true) return null;
  const key = method === "key" ? "a key file" : "a passkey that its authenticator can copy";
  return `it was signed with ${key}, and a key that stays on one device is asked for`;
}

/** When an approval counts no more, in milliseconds; NaN for what is no time. */
export function endOf({ at, expires }: GivenAnswer, { expiresMs }: AskedApproval): number {
  const longest = Date.parse(at) + expiresMs;
  return expires === null ? longest : Math.min(longest, Date.parse(expires));
}

function counted(input: ApprovalsInput, context: ApprovalContext): readonly ApprovalSays[] {
  const { asks, answers, lineage, request } = input;
  const good = filledApart(
    asks,
    answers,
    (answer, ask) => counting(answer, ask, input, context).why === null,
    context.mode,
  );
  const used = answers.filter(({ person }) => good.some(({ people }) => people.includes(person)));
  if (good.every(({ people }, index) => people.length >= (asks[index]?.count ?? Infinity))) {
    const unproven = context.mode === "solo" ? unprovenIn(lineage) : null;
    return [
      ...good.map(({ ask, people }) =>
        says(
          "allow",
          `${people.length} of ${ask.count} approved as ${namesOf(ask)}: ${people.join(", ")}`,
        ),
      ),
      ...(context.mode === "team"
        ? []
        : [
            says(
              "allow",
              `solo mode: nothing shows that whoever approved had no hand in it${unproven === null ? "" : ` (not proven: ${unproven})`}`,
            ),
          ]),
    ];
  }
  return good.flatMap(({ ask, people }) => {
    if (people.length >= ask.count) {
      return [
        says(
          "allow",
          `${people.length} of ${ask.count} approved as ${namesOf(ask)}: ${people.join(", ")}`,
        ),
      ];
    }
    const other = answers.flatMap((answer) => {
      if (!ask.roles.includes(answer.role) || people.includes(answer.person)) return [];
      const why =
        counting(answer, ask, input, context).why ?? notBeside(answer, used, context.mode);
      return why === null ? [] : [`that of ${answer.person} does not count: ${why}`];
    });
    const missing = `${people.length} of ${ask.count} approved as ${namesOf(ask)}`;
    const id = request?.asked.request.slice(0, 12) ?? "";
    return [
      says(
        "wait",
        [`${missing} (tidelock approval sign ${id})`, ...other].join("; "),
        soon(ask, input, context, people),
      ),
    ];
  });
}

/** Why an approval adds nothing to those that count; null: there is a place for it elsewhere. */
function notBeside(
  answer: GivenAnswer,
  used: readonly GivenAnswer[],
  mode: GovernanceMode,
): string | null {
  const by = used.find(
    (one) =>
      one.person !== answer.person &&
      (whyMade(answer, one, mode) ?? whyMade(one, answer, mode)) !== null,
  );
  return by === undefined
    ? null
    : `one of the two has made the other what they are, ${by.person} counts, and no third person vouched`;
}

/** When time alone would be enough for a demand. */
function soon(
  ask: AskedApproval,
  input: ApprovalsInput,
  context: ApprovalContext,
  people: readonly string[],
): string | undefined {
  const later = input.answers
    .filter(({ person }) => !people.includes(person))
    .flatMap((answer) => counting(answer, ask, input, context).from ?? [])
    .sort();
  return later[ask.count - people.length - 1];
}

export function namesOf({ roles }: AskedApproval): string {
  return roles.length === 1 ? (roles[0] ?? "") : `any of ${roles.join(", ")}`;
}

function inWords(asks: readonly AskedApproval[]): string {
  const all = asks.map((ask) => `${ask.count} of ${namesOf(ask)}`).join(" and ");
  return `approvals (${all}) are`;
}
