import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { newPromotionId } from "../../../src/engine/ids.ts";
import type { Database } from "../../../src/store/database.ts";
import { tableLedger } from "../../../src/store/queries/ledger.ts";
import type { Schema } from "../../../src/store/schema.ts";

/** One kind of commit, made again and again by some writers at once. */
export type Write = (writer: number) => Promise<void>;

/** What an effect's intent weighs. */
const payload = {
  colour: "green",
  configuration: `sha256:${"c".repeat(64)}`,
  release: `sha256:${"a".repeat(64)}`,
  changedBindings: ["DATABASE", "QUEUE"],
};
const text = JSON.stringify(payload);

/** The bare thing: one row of the same weight, with a primary key and nothing else, one commit each. */
export async function bareWrite({ db, pool }: Database<Schema>): Promise<Write> {
  await sql`create table bench_bare (
    id bigint generated always as identity primary key,
    operation text not null, payload text not null
  )`.execute(db);
  return async () => {
    await pool.query("insert into bench_bare (operation, payload) values ($1, $2)", [
      randomUUID(),
      text,
    ]);
  };
}

/** About as many entries as a promotion with a few checks has. */
const entriesOfOne = 30;

/**
 * One entry of the ledger, one commit each; every writer has a stream of its own. Operations are named as the
 * engine names them: some of one promotion, then of the next, whose id is random.
 */
export function ledgerWrite({ db }: Database<Schema>): Write {
  const under = new Map<number, { readonly id: string; entries: number }>();
  const operation = (writer: number): string => {
    let promotion = under.get(writer);
    if (promotion === undefined || promotion.entries === entriesOfOne) {
      under.set(writer, (promotion = { id: newPromotionId(), entries: 0 }));
    }
    promotion.entries += 1;
    return `${promotion.id}/${promotion.entries}/deploy-live`;
  };
  return (writer) =>
    tableLedger.append(db, {
      operation: operation(writer),
      kind: "effect.intent",
      stream: `bench-${writer}/production`,
      actor: "tidelock",
      payload,
    });
}

/** Commits a second of `writers` that each wait for their commit before the next. */
export async function commitsPerSecond(
  write: Write,
  writers: number,
  milliseconds: number,
): Promise<number> {
  let commits = 0;
  const start = performance.now();
  const end = start + milliseconds;
  const one = async (writer: number): Promise<void> => {
    while (performance.now() < end) {
      await write(writer);
      commits += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => one(writer)));
  return (commits * 1_000) / (performance.now() - start);
}

/** How often PostgreSQL has forced its write-ahead log to the disk. */
export async function walSyncs({ db, pool }: Database<Schema>): Promise<number> {
  // A session hands in its counts once a second at most, and not at all while it is idle: every one is asked to.
  const flush = "select pg_stat_force_next_flush(), pg_sleep(0.05)";
  await Promise.all(Array.from({ length: pool.totalCount }, () => pool.query(flush)));
  const { rows } = await sql<{ syncs: string | null }>`
    select sum(fsyncs)::text as syncs from pg_stat_io where object = 'wal'
  `.execute(db);
  return Number(rows[0]?.syncs ?? 0);
}
