import { sql } from "kysely";
import type { Outcome } from "../../findings/identity/reconcile.ts";
import type { Db } from "../schema.ts";

/** What the reconciler says, as rows of the import's transaction; `findings-apply.ts` applies them with all the others. */

export async function openOutcomes(tx: Db): Promise<void> {
  await sql`
    create temp table import_outcomes (
      finding bigint not null, fresh boolean not null, ordinals integer[] not null, worst integer not null,
      learn jsonb not null, to_status text, why text, reopened boolean not null
    ) on commit drop
  `.execute(tx);
}

/** What the reconciler said of the observations that are not plain. */
export async function takeOutcomes(tx: Db, outcomes: readonly Outcome[]): Promise<void> {
  await sql`
    insert into import_outcomes
    select coalesce(row.known, nextval(pg_get_serial_sequence('findings', 'id'))) as finding,
      row.known is null as fresh, row.ordinals, row.worst, row.learn, row.to_status, row.why, row.reopened
    from jsonb_to_recordset(${JSON.stringify(outcomes.map(outcomeRow))}::jsonb) as row (
      known bigint, ordinals integer[], worst integer, learn jsonb, to_status text, why text, reopened boolean)
  `.execute(tx);
}

function outcomeRow({ known, ordinals, worst, learn, transition }: Outcome) {
  return {
    known,
    ordinals,
    worst,
    learn: learn.map(({ algorithm, value }) => [algorithm, value]),
    to_status: transition?.to ?? null,
    why: transition?.why ?? null,
    reopened: transition?.reopened ?? false,
  };
}
