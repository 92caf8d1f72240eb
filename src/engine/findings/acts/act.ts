import type { ProposalView } from "../../../api/views/finding.ts";
import { TidelockError } from "../../../model/errors.ts";
import { act } from "../../../findings/acts.ts";
import { type AskedJudgement, type FindingAct, isJudgement } from "../../../model/finding-act.ts";
import type { FindingId } from "../../../model/finding.ts";
import { isAtLeast } from "../../../model/observation.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import { announce } from "../../../store/queries/events.ts";
import { insertAct, lockFinding } from "../../../store/queries/finding-acts.ts";
import type { FindingActRow, FindingRow } from "../../../store/schema-findings.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { newActId } from "../../ids.ts";
import { requireWritable } from "../../ledger/writable.ts";
import { proposalView, propose } from "./proposal.ts";

/**
 * Writes what somebody says of a finding, and where that leads. What would unblock a gate leads nowhere by itself: it
 * is a proposal, for two people to sign.
 *
 * @param changes how often the finding had been changed when whoever acts looked at it
 * @throws TidelockError `not-found`, `conflict` (somebody was quicker, or it does not stand where the act leads on),
 *   `invalid-input` (an end that is over or too far, a severity that is none)
 */
export async function actOn(
  engine: Engine,
  actor: Actor,
  id: FindingId,
  said: FindingAct,
  changes?: number,
): Promise<{ act: string; proposal: ProposalView | null }> {
  await requireWritable(engine.db, "what people say of a finding is an entry of the ledger");
  const row = await engine.db.transaction().execute(async (tx) => {
    const finding = await requireFinding(tx, id);
    requireUnchanged(finding, changes);
    const done = isJudgement(said)
      ? await insertProposal(tx, actor, finding, said)
      : await insertPlain(tx, actor, finding, said);
    await announce(tx, {
      kind: "finding.acted",
      service: finding.service,
      message: `${actor.id}: ${id} ${done.kind}`,
    });
    return done;
  });
  engine.signals.emit("change");
  return { act: row.id, proposal: isJudgement(said) ? await proposalView(engine.db, row) : null };
}

async function requireFinding(tx: Db, id: FindingId): Promise<FindingRow> {
  const row = await lockFinding(tx, id.slice("F-".length));
  if (row) return row;
  throw new TidelockError("not-found", `there is no finding ${id}`, {
    fault: "operator",
    where: id,
    hint: "see them: tidelock findings list --status any",
  });
}

function requireUnchanged({ id, changes: now }: FindingRow, seen: number | undefined): void {
  if (seen === undefined || seen === now) return;
  throw new TidelockError(
    "conflict",
    `F-${id} was changed since you looked at it (change ${now}, and you saw ${seen})`,
    {
      fault: "operator",
      where: `F-${id}`,
      hint: `look again, and say it again if it still holds: tidelock findings show F-${id}`,
    },
  );
}

async function insertPlain(
  tx: Db,
  actor: Actor,
  finding: FindingRow,
  said: Exclude<FindingAct, AskedJudgement>,
): Promise<FindingActRow> {
  const { kind, ...content } = said;
  const { finding: after, transition } = act(finding, said);
  return insertAct(
    tx,
    {
      id: newActId(),
      finding: finding.id,
      service: finding.service,
      kind,
      content: JSON.stringify(content),
      acted_by: actor.id,
    },
    {
      finding: finding.id,
      from: finding.status,
      to: transition?.to ?? null,
      detail: { ...content, ...clockChange(finding, after) },
    },
    {
      set: {
        ...(after.assignee === finding.assignee ? {} : { assignee: after.assignee }),
        ...(after.paused === finding.paused ? {} : { paused: after.paused }),
      },
    },
  );
}

/** An act that stops or starts a clock says what it was, and until when it was to end. */
function clockChange({ paused, due_at }: FindingRow, after: { paused: string | null }): object {
  if (after.paused === paused) return {};
  const due = due_at?.toISOString() ?? null;
  return { before: { paused, due }, after: { paused: after.paused } };
}

async function insertProposal(
  tx: Db,
  actor: Actor,
  finding: FindingRow,
  said: AskedJudgement,
): Promise<FindingActRow> {
  if (said.kind === "lower" && isAtLeast(said.severity, finding.severity)) {
    throw new TidelockError(
      "conflict",
      `it is ${finding.severity}, and ${said.severity} is not less`,
      {
        fault: "operator",
        where: `F-${finding.id}`,
      },
    );
  }
  const id = newActId();
  const proposed = await propose(tx, id, finding, said);
  return insertAct(
    tx,
    {
      id,
      finding: finding.id,
      service: finding.service,
      kind: `propose-${said.kind}`,
      content: JSON.stringify({ proposed }),
      acted_by: actor.id,
    },
    null,
  );
}
