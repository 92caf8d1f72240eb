import { sql } from "kysely";
import type { NetworkKind } from "../../identity/accounts/network-kind.ts";
import type { Db } from "../schema.ts";

/** Failed sign-ins by the day, until an entry of the ledger has them. */

export interface DayCount {
  readonly network: NetworkKind;
  /** Pseudonym; empty: a name that has no account. */
  readonly account: string;
  readonly tries: number;
}

/** One more today (UTC), by the database's clock: at the account, or (null) at a name that nobody has. */
export function countTry(network: NetworkKind, account: string | null) {
  return sql`
    insert into sign_in_days (day, network, account)
    values ((clock_timestamp() at time zone 'UTC')::date, ${network}, ${account ?? ""})
    on conflict (day, network, account) do update set tries = sign_in_days.tries + 1
  `;
}

/**
 * A day is over an hour after its end: whatever was counted in it is committed by then. Taking its rows takes them from
 * every other server too.
 */
export async function takeDay(
  tx: Db,
): Promise<{ readonly day: string; readonly counts: readonly DayCount[] } | null> {
  // One server at a time: the next one finds the rows gone.
  await sql`select pg_advisory_xact_lock(7468011)`.execute(tx);
  const { rows } = await sql<DayCount & { day: string }>`
    with over as (
      select min(day) as day from sign_in_days
      where day < ((clock_timestamp() - interval '1 hour') at time zone 'UTC')::date
    )
    delete from sign_in_days where day = (select day from over)
    returning day::text as day, network, account, tries::float8 as tries
  `.execute(tx);
  const [first] = rows;
  return first ? { day: first.day, counts: rows } : null;
}

/** What came in for a day that has its entry: the clock was set back. It counts for today. */
export async function putToToday(tx: Db, counts: readonly DayCount[]): Promise<void> {
  for (const { network, account, tries } of counts) {
    await sql`
      insert into sign_in_days (day, network, account, tries)
      values ((clock_timestamp() at time zone 'UTC')::date, ${network}, ${account}, ${tries})
      on conflict (day, network, account) do update set tries = sign_in_days.tries + ${tries}
    `.execute(tx);
  }
}
