import { sql } from "kysely";
import type { Db } from "../schema.ts";

/** Witnesses and anchors of our log, and how far each of them has come. */

export interface WitnessRecord {
  readonly name: string;
  readonly key: string;
  readonly url: string;
  readonly operator: string;
  readonly added_at: Date;
  /** The biggest size of the current log that it cosigned; null for none. */
  readonly size: string | null;
  readonly at: Date | null;
}

export async function listWitnesses(db: Db): Promise<readonly WitnessRecord[]> {
  const { rows } = await sql<WitnessRecord>`
    select w.name, w.key, w.url, w.operator, w.added_at, c.size, c.at
    from ledger_witnesses w
    left join lateral (
      select size, at from ledger_cosignatures
      where witness = w.name and log = (select log from ledger_tree)
      order by size desc limit 1
    ) c on true
    where w.removed_at is null order by w.name
  `.execute(db);
  return rows;
}

/** False when a witness of this name is there already. One that was removed comes back as it is given. */
export async function putWitness(
  tx: Db,
  witness: Pick<WitnessRecord, "name" | "key" | "url" | "operator">,
): Promise<boolean> {
  const { rows } = await sql`
    insert into ledger_witnesses (name, key, url, operator)
    values (${witness.name}, ${witness.key}, ${witness.url}, ${witness.operator})
    on conflict (name) do update
      set key = excluded.key, url = excluded.url, operator = excluded.operator,
        added_at = clock_timestamp(), removed_at = null
      where ledger_witnesses.removed_at is not null
    returning name
  `.execute(tx);
  return rows.length > 0;
}

/** False when there is none of this name. */
export async function endWitness(tx: Db, name: string): Promise<boolean> {
  const { rows } = await sql`
    update ledger_witnesses set removed_at = clock_timestamp()
    where name = ${name} and removed_at is null returning name
  `.execute(tx);
  return rows.length > 0;
}

export async function keepCosignature(
  db: Db,
  cosignature: { log: number; size: number; witness: string; line: string },
): Promise<void> {
  const { log, size, witness, line } = cosignature;
  await sql`
    insert into ledger_cosignatures (log, size, witness, line)
    values (${log}, ${size}, ${witness}, ${line}) on conflict do nothing
  `.execute(db);
}

export interface AnchorRecord {
  readonly name: string;
  readonly kind: string;
  readonly settings: Record<string, unknown>;
  readonly added_at: Date;
  readonly size: string | null;
  readonly place: string | null;
  readonly at: Date | null;
}

export async function listAnchors(db: Db): Promise<readonly AnchorRecord[]> {
  const { rows } = await sql<AnchorRecord>`
    select a.name, a.kind, a.settings, a.added_at, d.size, d.place, d.at
    from ledger_anchors a
    left join lateral (
      select size, place, at from ledger_anchored
      where anchor = a.name and log = (select log from ledger_tree)
      order by size desc limit 1
    ) d on true
    where a.removed_at is null order by a.name
  `.execute(db);
  return rows;
}

export async function putAnchor(
  tx: Db,
  anchor: { name: string; kind: string; settings: Record<string, unknown> },
): Promise<boolean> {
  const { rows } = await sql`
    insert into ledger_anchors (name, kind, settings)
    values (${anchor.name}, ${anchor.kind}, ${JSON.stringify(anchor.settings)})
    on conflict (name) do update
      set kind = excluded.kind, settings = excluded.settings,
        added_at = clock_timestamp(), removed_at = null
      where ledger_anchors.removed_at is not null
    returning name
  `.execute(tx);
  return rows.length > 0;
}

export async function endAnchor(tx: Db, name: string): Promise<boolean> {
  const { rows } = await sql`
    update ledger_anchors set removed_at = clock_timestamp()
    where name = ${name} and removed_at is null returning name
  `.execute(tx);
  return rows.length > 0;
}

export async function keepAnchored(
  db: Db,
  anchored: { anchor: string; log: number; size: number; place: string },
): Promise<void> {
  const { anchor, log, size, place } = anchored;
  await sql`
    insert into ledger_anchored (anchor, log, size, place)
    values (${anchor}, ${log}, ${size}, ${place}) on conflict do nothing
  `.execute(db);
}

/** Every key that ever signed checkpoints here: what others show of our log is signed by one of them. */
export async function everyLogKey(db: Db): Promise<readonly Buffer[]> {
  const rows = await db
    .selectFrom("ledger_keys")
    .select("public_key")
    .where("use", "=", "log")
    .execute();
  return rows.map(({ public_key }) => public_key);
}
