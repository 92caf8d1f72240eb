import { evaluateApprovals } from "../identity/approval/evaluate.ts";
import type { ApprovalsInput } from "../identity/approval/given.ts";
import type { ApprovalBasis, AskedApproval } from "../model/approval.ts";
import { canonicalJson } from "../model/canonical.ts";
import type { GateFacts } from "../model/gate-facts.ts";
import { approvalsAside, breakable } from "./break-glass.ts";
import { compareText, type Ground, ground } from "./decide.ts";
import {
  type DemandedCheck,
  type Evidence,
  hasAnswered,
  judgeCheck,
  type Subject,
} from "./evidence.ts";
import { limitedBy } from "./max-age.ts";
import { standingWaivers, waivedGround, waivedRule, type WaiversInput } from "./waived.ts";

/** What of a gate's input approvals lean on. */
export interface ApprovedOver {
  readonly subject: Subject;
  readonly now: string;
  readonly checks: readonly DemandedCheck[];
  readonly evidence: readonly Evidence[];
  readonly waivers?: WaiversInput | undefined;
  readonly maxAgeMs?: number | undefined;
  readonly facts?: Pick<GateFacts, "findings"> | null | undefined;
}

/** Of what people are asked to sign. */
export const approvalsRule = "approvals";

/** The verdicts and findings that a signature leans on. Pure: what is signed can be told from a kept input. */
export function approvalBasis(over: ApprovedOver): ApprovalBasis {
  const evidence = limitedBy(over.maxAgeMs, over.evidence);
  const place = { subject: over.subject, now: over.now, waivers: over.waivers };
  const checks = over.checks
    .filter(({ phase }) => phase !== "live")
    .map((demand) => {
      if (demand.outOfBand && !hasAnswered(demand, over.subject, evidence)) {
        return { check: demand.name, verdict: "pending" as const, accepted: false };
      }
      const judged = judgeCheck(demand, over.subject, evidence, over.now, standingWaivers(place));
      const accepted = waivedGround(demand, judged, place).rule === waivedRule;
      return { check: demand.name, verdict: judged.verdict, accepted };
    })
    .sort((a, b) => compareText(a.check, b.check));
  const items = over.facts?.findings?.items ?? null;
  const findings = items
    ?.filter(({ waived }) => !waived)
    .map(({ id, severity, rule, knownExploited }) => ({
      id,
      severity,
      rule,
      exploited: knownExploited,
    }))
    .sort((a, b) => compareText(a.id, b.id));
  return { checks, findings: findings ?? null };
}

/** What approvals say to the gate. A return waits for nobody (law 9), and neither does one that users wait for. */
export function approvalGrounds(
  approvals: ApprovalsInput | undefined,
  over: ApprovedOver & {
    readonly mode: "solo" | "team";
    readonly returning: boolean;
    /** The release before was stopped: users have none while people are waited for. */
    readonly underWay: boolean;
  },
): readonly Ground[] {
  if (approvals === undefined) return [];
  if (over.returning) {
    return [ground("allow", approvalsRule, "a return of traffic waits for nobody's approval")];
  }
  const said = evaluateApprovals(inOrder(approvals), {
    now: over.now,
    mode: over.mode,
    basis: approvalBasis(over),
  });
  return said.map(({ outcome, message, until }) => {
    if (outcome !== "wait") return ground(outcome, approvalsRule, message, until);
    const wait = over.underWay
      ? ground("deny", approvalsRule, `${message}; the old release has stopped, and users wait`)
      : ground(outcome, approvalsRule, message, until);
    // That nobody has signed yet can be set aside; that somebody said no cannot.
    return breakable(wait, { of: approvalsAside });
  });
}

/** As it is kept: the order in which things arrived shows in no reason. */
function inOrder(approvals: ApprovalsInput): ApprovalsInput {
  const byText = <T extends object>(items: readonly T[]): readonly T[] =>
    items
      .map((item) => ({ item, text: canonicalJson(item) }))
      .sort((a, b) => compareText(a.text, b.text))
      .map(({ item }) => item);
  return { ...approvals, lineage: byText(approvals.lineage), answers: byText(approvals.answers) };
}

/** Who would have to sign under other demands, and who did then: what nobody was asked for nobody has signed. */
export function approvalsUnder<A>(
  kept: { readonly subject: Subject; readonly approvals?: A | undefined },
  asks: readonly AskedApproval[] | undefined,
) {
  if (asks === undefined) return {};
  const { environment, service, release, configuration } = kept.subject;
  const lane = { service, environment, promotion: "", version: "" };
  const nobody = {
    request: null,
    now: { ledger: "-", ...lane, release, configuration, plan: release, policy: release },
    lineage: [],
    answers: [],
  };
  return { approvals: { ...nobody, ...kept.approvals, asks: [...asks] } };
}
