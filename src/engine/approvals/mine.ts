import type { ApprovalMine } from "../../api/routes-approvals.ts";
import { copyable } from "../../identity/approval/evaluate.ts";
import { ownWorkOf, wayOut } from "../../identity/approval/separation.ts";
import { decideAccess } from "../../identity/decide-access.ts";
import type { Plan } from "../../model/plan.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { answersOf } from "../../store/queries/approvals.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { keysOf, namesOf } from "../../store/queries/grants.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import type { ApprovalRequestRow } from "../../store/schema-approvals.ts";
import type { PersonKeyRow } from "../../store/schema-manual.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { governanceMode } from "../policy/governance.ts";
import { findApproval } from "./answer.ts";
import { involved, peopleIn } from "./gather.ts";
import { lineageOf } from "./lineage.ts";
import { type ApproverStanding, approverStanding, roleStanding } from "./standing.ts";

/** As whom and with which passkey somebody can answer, and what stands against it: the same that an answer is held to. */
export async function approvalMine(
  engine: Engine,
  { principal }: Actor,
  reference: string,
): Promise<ApprovalMine> {
  const { db } = engine;
  const request = await findApproval(db, reference);
  const person = principal?.person ?? null;
  const promotion = await readPromotion(db, request.promotion);
  if (person === null || !promotion) {
    return { person: null, may: false, answered: false, roles: [], passkeys: [] };
  }
  const { names } = await namesOf(db, person);
  const { service, environment } = request;
  const place = { service: { name: service }, environment: { name: environment } };
  const answers = await answersOf(db, request.id);
  const answering = {
    engine,
    db,
    plan: promotion.plan,
    request,
    person,
    name: names[0] ?? person,
  };
  const keys = (await keysOf(db, person)).filter(({ webauthn }) => webauthn !== null);
  return {
    person: { person, name: names[0] ?? null },
    may: principal !== undefined && decideAccess(principal, "approval.sign", place).allowed,
    answered: answers.some((one) => one.person === person),
    roles: await Promise.all(
      rolesOf(request).map(async (role) => ({
        role,
        ...(await against(
          answering,
          await roleStanding(db, promotion.plan.lane, { person, role }),
        )),
      })),
    ),
    passkeys: await Promise.all(keys.map((key) => passkeyView(answering, key))),
  };
}

interface Answering {
  readonly engine: Engine;
  readonly db: Db;
  readonly plan: Plan;
  readonly request: ApprovalRequestRow;
  readonly person: string;
  readonly name: string;
}

function rolesOf({ asked }: ApprovalRequestRow): readonly string[] {
  return [...new Set(asked.asks.flatMap(({ roles }) => roles))];
}

async function against(
  { engine, db, plan, request, person, name }: Answering,
  standing: Pick<ApproverStanding, "also" | "against" | "enrolments">,
): Promise<{ readonly against: string | null; readonly wayOut: string | null }> {
  if (standing.against !== null) return { against: standing.against, wayOut: null };
  const self = { person, also: standing.also, enrolments: standing.enrolments };
  const lineage = await lineageOf(engine, db, plan, request.promotion);
  const known = await involved(db, lineage, peopleIn([self]));
  const own = ownWorkOf(self, known, await governanceMode(db));
  return { against: own?.message ?? null, wayOut: own && wayOut(own, name) };
}

/** What is against a passkey is against it in every role; where one role is open to it, nothing is. */
async function passkeyView(
  answering: Answering,
  { key_id: key, webauthn }: PersonKeyRow,
): Promise<ApprovalMine["passkeys"][number]> {
  const { db, plan, request, person } = answering;
  const now = new Date(await databaseTime(db));
  const backupEligible = webauthn?.backupEligible ?? null;
  // Of one that was enrolled without its flags only its signature tells.
  const bound = backupEligible === true ? {} : { deviceBound: true as const };
  const whys = await Promise.all(
    rolesOf(request).map(async (role) => {
      const asks = request.asked.asks.filter(({ roles }) => roles.includes(role));
      const copied = asks.map((ask) => copyable({ method: "webauthn", ...bound }, ask));
      const standing = await approverStanding(
        db,
        plan.lane,
        { person, role, key, signedAt: now },
        now,
      );
      return copied.includes(null)
        ? (await against(answering, standing)).against
        : (copied[0] ?? null);
    }),
  );
  return {
    key,
    credentialId: webauthn?.credentialId ?? "",
    rpId: webauthn?.rpId ?? "",
    origins: [...(webauthn?.origins ?? [])],
    backupEligible,
    against: whys.includes(null) ? null : (whys[0] ?? null),
  };
}
