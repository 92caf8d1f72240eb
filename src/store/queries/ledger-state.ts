import { sql } from "kysely";
import { toHex } from "../../ledger/bytes.ts";
import type { LeafEntry, Opening } from "../../model/ledger.ts";
import type { Plan } from "../../model/plan.ts";
import type { Db } from "../schema.ts";
import { isMark, marksOf } from "./ledger-marks.ts";

/** What the verification of the stored state reads beside the leaves and the projected tables. */

export interface QueuedEntry {
  readonly entry: Pick<LeafEntry, "kind" | "operation" | "actor" | "payload">;
  readonly opening: Opening | null;
}

/** Committed and without a place, in the order in which they will get it; what no server wrote gets none. */
export async function queuedEntries(db: Db): Promise<readonly QueuedEntry[]> {
  const marks = marksOf(db);
  const { rows } = await sql<{
    kind: string;
    operation: string;
    stream: string;
    actor: string;
    commitment: Buffer;
    mark: Buffer | null;
    salt: Buffer | null;
    payload: Record<string, unknown> | null;
  }>`
    select e.kind, e.operation, e.stream, e.actor, e.commitment, e.salt, e.payload, q.mark
    from ledger_queue q join ledger_entries e on e.entry = q.entry order by e.entry
  `.execute(db);
  const own = rows.filter((row) => marks && isMark(row.mark, marks.ofEntry(row)));
  return own.map(({ kind, operation, actor, commitment, salt, payload }) => ({
    entry: { kind, operation, actor, payload: `hmac-sha256:${toHex(commitment)}` },
    opening: salt && payload && { salt: toHex(salt), payload },
  }));
}

/** An entry that is on no way into the log: not in the tree, and not in the queue. */
export async function strayEntry(
  db: Db,
): Promise<{ readonly kind: string; readonly operation: string } | undefined> {
  const { rows } = await sql<{ kind: string; operation: string }>`
    select e.kind, e.operation from ledger_entries e
    where not exists (select from ledger_leaves l where l.entry = e.entry)
      and not exists (select from ledger_queue q where q.entry = e.entry)
    order by e.entry limit 1
  `.execute(db);
  return rows[0];
}

/** Hex, by `<level>/<index>`. */
export async function storedNodes(db: Db): Promise<Map<string, string>> {
  const rows = await db.selectFrom("ledger_nodes").select(["level", "index", "hash"]).execute();
  return new Map(rows.map(({ level, index, hash }) => [`${level}/${index}`, toHex(hash)]));
}

/** Every checkpoint that stands here, of all successive logs: hex roots by size. They share their beginning. */
export async function storedRoots(db: Db): Promise<Map<number, string[]>> {
  const rows = await db.selectFrom("ledger_checkpoints").select(["size", "root"]).execute();
  const roots = new Map<number, string[]>();
  for (const { size, root } of rows) {
    roots.set(Number(size), [...(roots.get(Number(size)) ?? []), toHex(root)]);
  }
  return roots;
}

/** A cosignature or an anchored checkpoint whose own checkpoint is not there. */
export async function orphanOfCheckpoint(
  db: Db,
): Promise<{ readonly who: string; readonly size: string } | undefined> {
  const { rows } = await sql<{ who: string; size: string }>`
    select who, size from (
      select 'the witness ' || witness as who, log, size from ledger_cosignatures
      union all select 'the anchor ' || anchor, log, size from ledger_anchored
    ) as shown
    where not exists (
      select from ledger_checkpoints c where c.log = shown.log and c.size = shown.size
    )
    order by size limit 1
  `.execute(db);
  return rows[0];
}

/** Whether a recovery has opened this log: its entry is written in the same transaction. */
export async function hasSucceeded(db: Db, log: number): Promise<boolean> {
  if (log === 1) return true;
  const row = await db
    .selectFrom("ledger_entries")
    .select("entry")
    .where("operation", "=", `log/${log}`)
    .where("kind", "=", "log.succeeded")
    .executeTakeFirst();
  return row !== undefined;
}

/** Under which name a log key was introduced last: a verifier key; null when no entry says so, or it was erased. */
export async function introducedName(db: Db, keyId: string): Promise<string | null> {
  const { rows } = await sql<{ key: string | null }>`
    select payload ->> 'key' as key from ledger_entries
    where operation like ${`key/log/${keyId}/%`} and kind = 'key.added'
    order by entry desc limit 1
  `.execute(db);
  return rows[0]?.key ?? null;
}

/** Plans as they were accepted, a few hundred at a time. */
export async function plansAfter(
  db: Db,
  digest: string,
): Promise<readonly { readonly digest: string; readonly content: Plan }[]> {
  const { rows } = await sql<{ digest: string; content: Plan }>`
    select digest, content from plans where digest > ${digest} order by digest limit 200
  `.execute(db);
  return rows;
}

/** The first of what stands under its digest, and has another one. */
export async function changedContent(
  db: Db,
): Promise<{ readonly place: string; readonly digest: string } | undefined> {
  const { rows } = await sql<{ place: string; digest: string }>`
    select place, digest from (
      select 'decision_inputs' as place, digest, sha256(convert_to(content, 'UTF8')) as has
      from decision_inputs
      union all select 'raw_reports', digest, sha256(content) from raw_reports
    ) as kept
    where digest <> 'sha256:' || encode(has, 'hex') order by place, digest limit 1
  `.execute(db);
  return rows[0];
}

/** Name and pseudonym of everybody who is not erased. */
export async function pseudonyms(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom("ledger_people").select(["person", "pseudonym"]).execute();
  return new Map(
    rows.flatMap(({ person, pseudonym }) => (person === null ? [] : [[person, pseudonym]])),
  );
}

/** Agents whose count of what was taken in is not that of the journal: the last entry, or none. */
export async function agentHeads(db: Db) {
  const { rows } = await sql<{
    agent_id: string;
    imported_sequence: number;
    imported_hash: string;
    last: number | null;
  }>`
    select a.agent_id, a.imported_sequence, a.imported_hash,
      (select max(sequence) from agent_journal j where j.agent_id = a.agent_id) as last
    from agents a order by a.agent_id
  `.execute(db);
  return rows;
}
