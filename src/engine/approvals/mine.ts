import type { ApprovalMine } from "../../api/routes/approvals.ts";
import { copyable } from "../../identity/approval/evaluate.ts";
import { ownWorkOf, wayOut } from "../../identity/approval/separation.ts";
import type { Plan } from "../../model/plan.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { answersOf } from "../../store/queries/approvals.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import type { ApprovalRequestRow } from "../../store/schema-approvals.ts";
import type { PersonKeyRow } from "../../store/schema-manual.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { governanceMode } from "../policy/governance.ts";
import { signerView } from "../signing/signer-view.ts";
import { findApproval } from "./answer.ts";
import { involved, peopleIn } from "./gather.ts";
import { lineageOf } from "./lineage.ts";
import { type ApproverStanding, approverStanding, roleStanding } from "./standing.ts";

/** As whom and with which passkey somebody can answer, and what stands against it: the same that an answer is held to. */
export async function approvalMine(
  engine: Engine,
  actor: Actor,
  reference: string,
): Promise<ApprovalMine> {
  const { db } = engine;
  const request = await findApproval(db, reference);
  const promotion = await readPromotion(db, request.promotion);
  if (!promotion) return { ...nobody, roles: [] };
  const { service, environment } = request;
  const answers = await answersOf(db, request.id);
  const of = { engine, db, plan: promotion.plan, request };
  const { against: _any, ...mine } = await signerView(db, actor, {
    lane: { service, environment },
    permission: "approval.sign",
    signedBy: answers.map(({ person }) => person),
    // Of the roles each is told apart below.
    against: async (person, key) =>
      key === null ? null : keyAgainst({ ...of, person, name: person }, key),
  });
  const person = mine.person?.person;
  const roles = person === undefined ? [] : rolesOf(request);
  const answering = { ...of, person: person ?? "", name: mine.person?.name ?? person ?? "" };
  return {
    ...mine,
    roles: await Promise.all(
      roles.map(async (role) => ({
        role,
        ...(await against(
          answering,
          await roleStanding(db, promotion.plan.lane, { person: answering.person, role }),
        )),
      })),
    ),
  };
}

const nobody = { person: null, may: false, answered: false, passkeys: [] };

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
async function keyAgainst(
  answering: Answering,
  { key_id: key, webauthn }: PersonKeyRow,
): Promise<string | null> {
  const { db, plan, request, person } = answering;
  const now = new Date(await databaseTime(db));
  // Of one that was enrolled without its flags only its signature tells.
  const bound = webauthn?.backupEligible === true ? {} : { deviceBound: true as const };
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
  return whys.includes(null) ? null : (whys[0] ?? null);
}
