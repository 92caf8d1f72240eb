import { sql } from "kysely";
import type { Db } from "../schema.ts";

/**
 * Where observations of a report wait until all of it was read: temporary tables of one connection. They cost no
 * log, nobody else sees them, and they are gone with their connection however it ends.
 */

/** Made anew on the connection that `db` holds. */
export async function openStaging(db: Db): Promise<void> {
  await closeStaging(db);
  await sql`
    create temp table import_observations (
      ordinal integer not null,
      claim boolean not null,
      kind text not null,
      content jsonb not null
    )
  `.execute(db);
  await sql`
    create temp table import_fingerprints (
      ordinal integer not null,
      rank smallint not null,
      claim boolean not null,
      environment text not null,
      algorithm text not null,
      value text not null
    )
  `.execute(db);
}

/** One batch, as the thread that reads reports writes it (src/engine/findings/import/messages.ts). */
export async function stage(db: Db, json: string): Promise<void> {
  await sql`
    with row as materialized (
      select (row ->> 'o')::integer as ordinal, (row ->> 'q')::boolean as claim, row
      from jsonb_array_elements(${json}::jsonb) as given (row)
    ), observations as (
      insert into import_observations
      select ordinal, claim, row ->> 'k', row -> 'c' from row
    )
    insert into import_fingerprints
    select ordinal, print.place - 1, claim, row ->> 'e', print.pair ->> 0, print.pair ->> 1
    from row, jsonb_array_elements(row -> 'f') with ordinality as print (pair, place)
  `.execute(db);
}

/** After the last batch: how much there is decides how it is looked for. */
export async function endStaging(db: Db): Promise<void> {
  await sql`create index on import_fingerprints (ordinal)`.execute(db);
  await sql`analyze import_observations, import_fingerprints`.execute(db);
}

export async function closeStaging(db: Db): Promise<void> {
  await sql`drop table if exists pg_temp.import_observations, pg_temp.import_fingerprints`.execute(
    db,
  );
}
