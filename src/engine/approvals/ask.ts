import { randomBytes } from "node:crypto";
import { whyVoid } from "../../identity/approval/evaluate.ts";
import type { ApprovalsInput } from "../../identity/approval/given.ts";
import { basisDigest } from "../../identity/approval/statement.ts";
import { ApprovalAsked, type ApprovalBasis } from "../../model/approval.ts";
import { letsThrough } from "../../model/decision.ts";
import { canonicalJson } from "../../model/canonical.ts";
import type { GatePreset } from "../../model/pipeline.ts";
import { approvalBasis } from "../../policy/approvals.ts";
import { asksNobody } from "../../policy/break-glass.ts";
import { broken, type GateInput, gateGrounds } from "../../policy/gate.ts";
import { askApproval, voidRequest } from "../../store/queries/approvals.ts";
import { keepForm } from "../../store/queries/check-requests.ts";
import { announce } from "../../store/queries/events.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { type ApprovalSite, approvalsInput } from "./gather.ts";

type Others = Omit<GateInput, "ledger" | "approvals">;

/**
 * What a gate knows of approvals. Where it is a promotion's own gate: a request that is about something else by now, or
 * about less than is known, is void from then on; and as soon as everything else allows it, people are asked.
 */
export async function approvalsAtGate(
  engine: Engine,
  site: ApprovalSite,
  others: Others,
  {
    preset,
    ask,
    beforeStop = false,
  }: {
    readonly preset: GatePreset;
    readonly ask: boolean;
    /** Asked before anything of the new release can be tested: users would wait for people afterwards. */
    readonly beforeStop?: boolean;
  },
): Promise<ApprovalsInput | undefined> {
  const { plan } = site;
  if (plan.approvals === undefined) return undefined;
  const before = await approvalsInput(engine, engine.db, site);
  if (before === undefined || !ask || site.promotion === "") return before;
  // Two people have set aside that anybody signs it.
  const context = { now: others.now, mode: others.grades.governance };
  if (before.request === null && asksNobody(others.glass, context)) return before;
  // While the log does not go on nothing is written: the gate waits for it.
  if ((await engine.log.trouble()) !== null) return before;
  const basis = approvalBasis(others);
  const allowed =
    beforeStop ||
    broken({ ...others, ledger: [] }, gateGrounds(preset, { ...others, ledger: [] })).grounds.every(
      ({ outcome }) => letsThrough(outcome),
    );
  const changed = await engine.db.transaction().execute(async (tx) => {
    if (!(await isGoing(tx, site.promotion))) return false;
    const voided = await voidOpen(tx, before, basis, site);
    if (before.request !== null && !voided) return false;
    if (!allowed || basis.findings === null) return voided;
    await askPeople(tx, before, basis);
    return true;
  });
  if (!changed) return before;
  engine.signals.emit("change");
  return approvalsInput(engine, engine.db, site);
}

async function isGoing(tx: Db, promotion: string): Promise<boolean> {
  const row = await tx
    .selectFrom("promotions")
    .select(["state", "ending", "desired"])
    .where("id", "=", promotion)
    .forUpdate()
    .executeTakeFirst();
  return row?.state === "running" && !row.ending && row.desired !== "aborted";
}

/** Whether the open request was made void now. */
async function voidOpen(
  tx: Db,
  approvals: ApprovalsInput,
  basis: ApprovalBasis,
  { now, plan }: ApprovalSite,
): Promise<boolean> {
  const { request } = approvals;
  if (request === null) return false;
  const why = [...whyVoid(approvals, { basis }), ...expired(approvals, now)];
  if (why.length === 0) return false;
  const text = why.join("; ").slice(0, 4_000);
  const row = await voidRequest(tx, request.asked.request, text);
  if (row) {
    await announce(tx, {
      kind: "approval.voided",
      ...plan.lane,
      promotion: row.promotion,
      message: `what was approved stands no more: ${text}`,
    });
  }
  return row !== undefined;
}

/** Nobody answers a request twice: who signed for too short a time is asked anew. */
function expired({ answers, asks }: ApprovalsInput, now: Date): readonly string[] {
  return answers.flatMap(({ purpose, person, role, at, expires }) => {
    if (purpose !== "approve") return [];
    const lives = asks.flatMap(({ roles, expiresMs }) => (roles.includes(role) ? [expiresMs] : []));
    const longest = Date.parse(at) + Math.max(0, ...lives);
    const end = Math.min(longest, expires === null ? Infinity : Date.parse(expires));
    return end > now.getTime() ? [] : [`the approval of ${person} has expired`];
  });
}

async function askPeople(tx: Db, approvals: ApprovalsInput, basis: ApprovalBasis): Promise<void> {
  const asked = ApprovalAsked.parse({
    ...approvals.now,
    request: randomBytes(16).toString("hex"),
    decision: basisDigest(basis),
    asks: approvals.asks,
  });
  // Whoever verifies a signature later reads what was shown: by the digest that is signed.
  await keepForm(tx, asked.decision, Buffer.from(canonicalJson(basis)));
  const { fresh } = await askApproval(tx, asked, basis);
  if (!fresh) return;
  const roles = asked.asks.map(({ roles: who, count }) => `${count} of ${who.join(" or ")}`);
  await announce(tx, {
    kind: "approval.asked",
    service: asked.service,
    environment: asked.environment,
    promotion: asked.promotion,
    message: `${asked.version} waits for approval by ${roles.join(" and ")}: tidelock approval sign ${asked.request.slice(0, 12)}`,
  });
}
