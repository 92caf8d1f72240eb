import canonicalize from "canonicalize";
import type { DecisionInputs } from "../../policy/replay.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { ApprovalAnswered, ApprovalRequested, type PlanBlob, ReleaseCommits } from "../payloads.ts";
import { parsedJson } from "./blobs.ts";
import { commitsNotShown } from "./commits.ts";

type GateInputs = Extract<DecisionInputs, { kind: "gate" }>;

/**
 * Where a gate's inputs say something else of approvals than the log: who is asked, what for, who answered, and that
 * everybody who wrote a commit of the release stands among those who may not.
 */
export function approvalsNotOnRecord(
  { approvals }: GateInputs,
  plan: PlanBlob | null,
  before: readonly LogEntry[],
  files: ReadonlyMap<string, Uint8Array>,
): readonly string[] {
  // A return of traffic asks nobody.
  if (plan === null || plan.kind === "rollback") return [];
  if (approvals === undefined) {
    return plan.approvals === undefined
      ? []
      : ["its plan asks for approvals, and its inputs do not"];
  }
  const wrong: string[] = [];
  if (canonicalize(approvals.asks) !== canonicalize(plan.approvals ?? [])) {
    wrong.push("its inputs ask for other approvals than the plan");
  }
  const { request } = approvals;
  if (request !== null) wrong.push(...requestProblem(request, before));
  for (const answer of approvals.answers) {
    const said = before.flatMap(({ leaf, payload }) =>
      leaf.kind === "approval.answered" ? (ApprovalAnswered.safeParse(payload).data ?? []) : [],
    );
    const same = said.some(
      (one) =>
        one.answer === answer.id &&
        one.request === answer.request &&
        one.person === answer.person &&
        one.role === answer.role &&
        one.purpose === answer.purpose &&
        (one.asserted?.backupEligible === false) === (answer.deviceBound === true),
    );
    if (!same) wrong.push(`its inputs hold the approval ${answer.id}, which no entry before has`);
  }
  const given = new Set(approvals.answers.map(({ id }) => id));
  for (const { leaf, payload } of before) {
    const said =
      leaf.kind === "approval.answered" ? ApprovalAnswered.safeParse(payload).data : null;
    if (said && said.request === request?.asked.request && !given.has(said.answer)) {
      wrong.push(`its inputs leave out the answer ${said.answer}`);
    }
  }
  return [
    ...wrong,
    ...commitsLeftOut(approvals, plan, files),
    ...commitsNotShown(approvals.lineage, plan.release, before, files),
  ];
}

function requestProblem(
  { asked }: NonNullable<NonNullable<GateInputs["approvals"]>["request"]>,
  before: readonly LogEntry[],
): readonly string[] {
  const own = before.flatMap(({ leaf, payload }) =>
    leaf.kind === "approval.asked" || leaf.kind === "approval.voided"
      ? (ApprovalRequested.safeParse(payload).data ?? [])
      : [],
  );
  const last = own.findLast(({ request }) => request === asked.request);
  if (last === undefined) return [`nobody was asked ${asked.request}, by the log`];
  if (last.voidedAt !== null) return [`what was asked (${asked.request}) was void by then`];
  return canonicalize(last.asked) === canonicalize(asked)
    ? []
    : [`people were asked something else as ${asked.request} than its inputs say`];
}

function commitsLeftOut(
  { lineage }: NonNullable<GateInputs["approvals"]>,
  { release }: PlanBlob,
  files: ReadonlyMap<string, Uint8Array>,
): readonly string[] {
  const bytes = files.get(paths.blob(release));
  const source = bytes && ReleaseCommits.safeParse(parsedJson(bytes)).data?.source;
  const known = new Set(lineage.map(({ what }) => what));
  return (source?.commits ?? []).flatMap(({ revision }) => {
    const commit = revision.slice(0, 12);
    return known.has(`author of commit ${commit}`)
      ? []
      : [`its inputs leave out who wrote commit ${commit}`];
  });
}
