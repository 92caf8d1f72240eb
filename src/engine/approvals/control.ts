import type { ApprovalView } from "../../api/routes/approvals.ts";
import { evaluateApprovals } from "../../identity/approval/evaluate.ts";
import { readApproval } from "../../identity/approval/signed.ts";
import type { ApprovalControl } from "../../ports/approval-control.ts";
import { answersOf, listApprovals } from "../../store/queries/approvals.ts";
import { databaseTime, readAttestation } from "../../store/queries/attestations.ts";
import { namesOf } from "../../store/queries/grants.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import type { ApprovalRequestRow } from "../../store/schema-approvals.ts";
import { attestationBytes } from "../attestations/attest-material.ts";
import type { Engine } from "../engine.ts";
import { governanceMode } from "../policy/governance.ts";
import { answerApproval, findApproval } from "./answer.ts";
import { approvalsInput } from "./gather.ts";
import { approvalMine } from "./mine.ts";

export function makeApprovalControl(engine: Engine): ApprovalControl {
  const { db } = engine;
  return {
    async list({ state, ...filter }) {
      const rows = await listApprovals(db, { ...filter, open: state === "open" });
      const views = await Promise.all(rows.map((row) => approvalView(engine, row, noWords)));
      return views.map((view) => ({ ...view, plan: null }));
    },
    show: async (id) => approvalView(engine, await findApproval(db, id)),
    mine: (actor, id) => approvalMine(engine, actor, id),
    answer: async (id, signed) => approvalView(engine, await answerApproval(engine, id, signed)),
  };
}

type WordsOf = (engine: Engine, row: ApprovalRequestRow, answer: string) => Promise<string | null>;

/** Lists read no signed bytes. */
const noWords: WordsOf = async () => null;

/** What somebody said with an answer, out of what they signed. */
async function signedWords(engine: Engine, { asked }: ApprovalRequestRow, answer: string) {
  const kept = await readAttestation(engine.db, asked.release, answer);
  const bytes = kept && (await attestationBytes(engine, kept).catch(() => null));
  const read = bytes ? readApproval(bytes) : null;
  return (read?.ok && read.value.answer.reason) || null;
}

async function approvalView(
  engine: Engine,
  row: ApprovalRequestRow,
  wordsOf: WordsOf = signedWords,
): Promise<ApprovalView> {
  const { db } = engine;
  const answers = await answersOf(db, row.id);
  const promotion = await readPromotion(db, row.promotion);
  const going = promotion?.state === "running" && !promotion.ending;
  const state = row.voided_at !== null ? "void" : going ? "open" : "over";
  return {
    id: row.id,
    asked: row.asked,
    basis: row.basis,
    plan: promotion?.plan ?? null,
    at: row.asked_at.toISOString(),
    state,
    why: row.why,
    says: state === "open" ? await saysNow(engine, row) : [],
    answers: await Promise.all(
      answers.map(async (answer) => ({
        id: answer.id,
        purpose: answer.purpose,
        person: answer.person,
        name: (await namesOf(db, answer.person)).names[0] ?? null,
        role: answer.role,
        method: answer.method,
        key: answer.key_id,
        asserted: answer.asserted,
        reason: await wordsOf(engine, row, answer.id),
        at: answer.answered_at.toISOString(),
        notBefore: answer.not_before?.toISOString() ?? null,
        expires: answer.expires_at?.toISOString() ?? null,
      })),
    ),
  };
}

/** As long as nothing gets worse: what the evidence says by now, the gate itself looks at. */
async function saysNow(engine: Engine, row: ApprovalRequestRow): Promise<ApprovalView["says"]> {
  const { db } = engine;
  const promotion = await readPromotion(db, row.promotion);
  if (!promotion) return [];
  const now = new Date(await databaseTime(db));
  const { version } = row.asked;
  const site = { plan: promotion.plan, version, promotion: promotion.id, now };
  const input = await approvalsInput(engine, db, site);
  if (input === undefined) return [];
  const mode = await governanceMode(db);
  return evaluateApprovals(input, { now: now.toISOString(), mode, basis: row.basis }).map(
    ({ outcome, message }) => ({ outcome, message }),
  );
}
