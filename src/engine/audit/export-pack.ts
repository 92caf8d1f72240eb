import { randomUUID } from "node:crypto";
import type { AuditPackRequest } from "../../api/audit.ts";
import { exportEnd } from "../../audit/export-end.ts";
import type { Subject } from "../../audit/format.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { auditPack } from "../../reports/audit-pack.ts";
import type { StreamEnd } from "../../reports/pack-entries.ts";
import { sharedNamesOf } from "../../reports/pack-people.ts";
import { streamsOf } from "../../reports/pack-streams.ts";
import { readReview } from "../../store/queries/access-reviews.ts";
import { registeredEnvironment } from "../../store/queries/catalogue.ts";
import type { Engine } from "../engine.ts";
import { requireWritable } from "../ledger/writable.ts";
import { importJournal } from "../lanes/journal-import.ts";
import { findRelease } from "../promotions/plan-inputs.ts";
import { closeAccessRun } from "../access/access-log.ts";
import { observeLanes } from "./observe-lanes.ts";
import { cosignedCheckpoint } from "./wait-for-witnesses.ts";

export interface ExportedPack {
  /** A file's name that says what is inside. */
  readonly name: string;
  readonly zip: Uint8Array;
}

/**
 * Writes down the end of every stream concerned, waits until these ends stand under a checkpoint (and under
 * the witnesses' signatures, where there are witnesses), and packs it all.
 *
 * Throws `not-found` (no such release or environment), `digest-mismatch` when the database is not what the
 * ledger says, `unavailable` while the ledger signs nothing, or must not.
 */
export async function exportPack(
  engine: Engine,
  actor: Actor,
  request: AuditPackRequest,
): Promise<ExportedPack> {
  const copy =
    "a pack ends in entries of its own; `tidelock ledger export` copies the log without any";
  await requireWritable(engine.db, copy);
  const subject = await subjectOf(engine, request);
  if (subject.kind === "environment") await lookAround(engine, actor, subject.environment);
  const id = randomUUID();
  const streams = await streamsOf(engine.db, subject);
  const sharedNames = await sharedNamesOf(engine.db);
  const ends: readonly StreamEnd[] = streams.map((stream) => ({
    stream,
    operation: `audit/${id}/${stream}`,
  }));
  await engine.ledger.append(
    engine.db,
    ...ends.map(({ stream, operation }) => ({
      operation,
      kind: "stream.head",
      stream,
      actor: actor.id,
      payload: exportEnd(id, subject, streams, sharedNames),
    })),
  );
  const { log, note } = await cosignedCheckpoint(engine);
  const zip = await auditPack(engine.db, engine.content, {
    subject,
    ends,
    log,
    checkpoint: note,
    sharedNames,
    seen: request.seen,
  });
  return { name: nameOf(subject), zip };
}

async function subjectOf(engine: Engine, request: AuditPackRequest): Promise<Subject> {
  if (request.kind === "release") {
    const { id, service, version } = await findRelease(engine.db, request.service, request.release);
    return { kind: "release", service, version, release: id };
  }
  if (request.kind === "access-review") return reviewSubject(engine, request.review);
  const { environment } = request;
  if (!(await registeredEnvironment(engine.db, environment))) {
    throw new TidelockError("not-found", `no environment ${environment} is registered`, {
      fault: "operator",
      where: environment,
      hint: "`tidelock status` shows the environments",
    });
  }
  // Milliseconds, as entries have them; the end is open, so this very moment is inside.
  const from = new Date(request.from ?? 0).toISOString();
  const to = new Date(request.to ?? Date.now() + 1).toISOString();
  if (from < to) return { kind: "environment", environment, from, to };
  throw new TidelockError("invalid-input", "the time ends before it begins", {
    fault: "operator",
    where: `${from} to ${to}`,
    hint: "give --from before --to",
  });
}

async function reviewSubject(engine: Engine, review: string): Promise<Subject> {
  if (await readReview(engine.db, review)) return { kind: "access-review", review };
  throw new TidelockError("not-found", "there is no such review", {
    fault: "operator",
    where: review,
    hint: "tidelock access review list",
  });
}

/** What agents signed meanwhile is taken in, and what routers say now is written down. */
async function lookAround(engine: Engine, actor: Actor, environment: string): Promise<void> {
  await importJournal(engine).catch((error: unknown) => {
    engine.notice(`the agent's journal is not in this export: ${String(error)}`);
  });
  await closeAccessRun(engine);
  await observeLanes(engine, actor, environment);
}

function nameOf(subject: Subject): string {
  if (subject.kind === "access-review") return `access-review-${subject.review}.zip`;
  return subject.kind === "release"
    ? `${subject.service}-${subject.version}.audit.zip`
    : `${subject.environment}-${subject.from.slice(0, 10)}-${subject.to.slice(0, 10)}.audit.zip`;
}
