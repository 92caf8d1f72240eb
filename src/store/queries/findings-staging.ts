import { sql } from "kysely";
import { keyLength } from "../../findings/identity/key.ts";
import type { Db } from "../schema.ts";

/**
 * Where observations of a report wait until all of it was read: temporary tables of one connection. They cost no
 * log, nobody else sees them, and they are gone with their connection however it ends.
 */

/** Made anew on the connection that `db` holds. */
export async function openStaging(db: Db): Promise<void> {
  await closeStaging(db);
  // What is done with two million hits at once takes longer than an ordinary statement may.
  await sql`select set_config('statement_timeout', '900000', false)`.execute(db);
  await sql`
    create temp table import_observations (
      ordinal integer not null,
      claim boolean not null,
      kind text not null,
      environment text not null,
      line integer not null,
      spot text,
      ids text[] not null,
      drift jsonb not null,
      content jsonb not null
    )
  `.execute(db);
  await sql`
    create temp table import_fingerprints (
      ordinal integer not null,
      rank smallint not null,
      claim boolean not null,
      line integer not null,
      algorithm text not null,
      -- Where equal ones are told apart by their order, the value is the base and its number.
      base text not null,
      numbered boolean not null,
      value text not null
    )
  `.execute(db);
}

/** One batch, as the thread that reads reports writes it (src/engine/findings/import/messages.ts). */
export async function stage(db: Db, json: string): Promise<void> {
  await sql`
    with given as materialized (
      select row.o, row.q, row.k, row.e, row.n, row.s, row.i, row.d, row.f, row.c
      from jsonb_to_recordset(${json}::jsonb) as row (
        o integer, q boolean, k text, e text, n integer, s text, i text[], d jsonb, f jsonb, c jsonb)
    ), observations as (
      insert into import_observations
      select o, q, k, e, n, nullif(s, ''), i, d, c from given
    )
    insert into import_fingerprints
    select o, print.place - 1, q, n, print.pair ->> 0,
      case when (print.pair -> 2)::boolean then left(print.pair ->> 1, ${keyLength}) else print.pair ->> 1 end,
      (print.pair -> 2)::boolean, print.pair ->> 1
    from given, jsonb_array_elements(f) with ordinality as print (pair, place)
  `.execute(db);
}

/**
 * After the last batch: what is equal within the report is numbered in order of line, as `numberOccurrences` does
 * it; and how much there is decides how it is looked for.
 */
export async function endStaging(db: Db): Promise<void> {
  await sql`
    update import_fingerprints f set value = f.base || ':' || n.place
    from (
      select algorithm, base, line, dense_rank() over (partition by algorithm, base order by line) as place
      from (
        select distinct algorithm, base, line from import_fingerprints where numbered and not claim
      ) lines
    ) n
    where n.place > 1 and f.algorithm = n.algorithm and f.base = n.base and f.line = n.line
      and f.numbered and not f.claim
  `.execute(db);
  await sql`create index on import_fingerprints (ordinal)`.execute(db);
  await sql`create index on import_observations (ordinal)`.execute(db);
  await sql`analyze import_observations (ordinal, claim), import_fingerprints (ordinal, algorithm, rank)`.execute(
    db,
  );
}

export async function closeStaging(db: Db): Promise<void> {
  await sql`drop table if exists pg_temp.import_observations, pg_temp.import_fingerprints`.execute(
    db,
  );
  await sql`reset statement_timeout`.execute(db);
}
