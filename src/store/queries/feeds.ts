import { sql } from "kysely";
import type { EpssRecord, FeedHead, KevRecord } from "../../model/feed.ts";
import type { Digest } from "../../model/primitives.ts";
import { feedsProjection } from "../projections/feeds.ts";
import { recordRows } from "../projections/projection.ts";
import type { FeedRow } from "../schema-feeds.ts";
import type { Db, Tx } from "../schema.ts";

export async function readFeed(db: Db, kind: FeedRow["kind"]): Promise<FeedRow | undefined> {
  return db.selectFrom("feeds").selectAll().where("kind", "=", kind).executeTakeFirst();
}

/** Two imports of one feed, one after the other. Held until the transaction ends. */
export async function lockFeed(tx: Tx, kind: FeedRow["kind"]): Promise<void> {
  await sql`select pg_advisory_xact_lock(7468010, hashtext(${kind}))`.execute(tx);
}

/** Takes the place of every score that was there. */
export async function replaceEpss(tx: Tx, records: Iterable<EpssRecord>): Promise<void> {
  await sql`delete from epss_scores`.execute(tx);
  for (const some of batches(records)) {
    await sql`insert into epss_scores (cve, epss, percentile)
      select * from unnest(${some.map(({ cve }) => cve)}::text[], ${some.map(({ epss }) => epss)}::float8[],
        ${some.map(({ percentile }) => percentile)}::float8[])`.execute(tx);
  }
}

export async function replaceKev(tx: Tx, records: Iterable<KevRecord>): Promise<void> {
  await sql`delete from kev_entries`.execute(tx);
  for (const some of batches(records)) {
    await tx
      .insertInto("kev_entries")
      .values([...some])
      .execute();
  }
}

/** Below the 65,535 parameters that a statement takes. */
const batch = 5_000;

function* batches<T>(records: Iterable<T>): Iterable<readonly T[]> {
  let some: T[] = [];
  for (const record of records) {
    some.push(record);
    if (some.length < batch) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

/** Of the records as they stand; computed by the database, at the import and whenever somebody verifies. */
export async function feedContent(
  db: Db,
  kind: FeedRow["kind"],
): Promise<{ readonly digest: Digest; readonly records: number }> {
  const line =
    kind === "epss"
      ? sql`select cve, jsonb_build_array(cve, epss, percentile)::text as line from epss_scores`
      : sql`select cve, jsonb_build_array(cve, added, due, ransomware, title, action)::text as line from kev_entries`;
  const { rows } = await sql<{ hex: string; records: number }>`
    select encode(sha256(convert_to(coalesce(string_agg(line, E'\\n' order by cve), ''), 'UTF8')), 'hex') as hex,
      count(*)::int as records
    from (${line}) as lines`.execute(db);
  const [row] = rows;
  if (!row) throw new Error("an aggregate without a row");
  return { digest: `sha256:${row.hex}`, records: row.records };
}

/** CVEs that count now and that these records lack, in order. */
export async function cvesNotIn(
  tx: Db,
  kind: FeedRow["kind"],
  records: Iterable<{ readonly cve: string }>,
): Promise<readonly string[]> {
  const table = kind === "epss" ? "epss_scores" : "kev_entries";
  const left = new Set<string>();
  const { rows } = await sql<{ cve: string }>`select cve from ${sql.table(table)}`.execute(tx);
  for (const { cve } of rows) left.add(cve);
  for (const { cve } of records) left.delete(cve);
  return [...left].sort();
}

/** An entry of the ledger names so many of what an edition lacks, and their number. */
const mostRemoved = 500;

/** Row and entry together: from here on this edition counts. The entry says what it took the place of. */
export async function writeFeed(
  tx: Tx,
  feed: FeedHead & {
    readonly kind: FeedRow["kind"];
    readonly digest: Digest;
    readonly fewer: string | null;
    readonly by: string;
    readonly instead: {
      readonly digest: string;
      readonly asOf: string;
      readonly records: number;
    } | null;
    readonly removed: readonly string[];
  },
): Promise<FeedRow> {
  const content = await feedContent(tx, feed.kind);
  const values = {
    digest: feed.digest,
    as_of: feed.asOf,
    version: feed.version,
    records: content.records,
    content_digest: content.digest,
    fewer: feed.fewer,
    imported_by: feed.by,
  };
  const row = await tx
    .insertInto("feeds")
    .values({ kind: feed.kind, ...values })
    .onConflict((conflict) =>
      conflict.column("kind").doUpdateSet((eb) => ({
        ...values,
        imported_at: sql<Date>`clock_timestamp()`,
        changes: eb("feeds.changes", "+", 1),
      })),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  const { instead, removed, by } = feed;
  await recordRows(tx, feedsProjection, [row], {
    actor: by,
    more: { instead, removed: removed.slice(0, mostRemoved), removedCount: removed.length },
  });
  return row;
}
