import { sql } from "kysely";
import type { Db } from "../schema.ts";

/** Failed sign-ins, counted by the hour and never listed: a stranger fills no table, and the ledger not at all. */

/** What counts of failed tries now; `account` and `device` are keyed digests, `device` null where none is known. */
export async function countFailures(
  db: Db,
  of: { readonly account: string; readonly network: string; readonly device: string | null },
) {
  const { rows } = await sql<{
    now: Date;
    pair: number;
    last_at: Date | null;
    of_network: number;
    of_account: number;
    of_device: number;
  }>`
    select clock_timestamp() as now,
      coalesce(sum(tries) filter (where account = ${of.account} and network = ${of.network}), 0)::int as pair,
      max(last_at) filter (where account = ${of.account} and network = ${of.network}) as last_at,
      coalesce(sum(tries) filter (where network = ${of.network}), 0)::int as of_network,
      coalesce(sum(tries) filter (where account = ${of.account}), 0)::int as of_account,
      coalesce(sum(tries) filter (where account = ${of.device ?? ""}), 0)::int as of_device
    from sign_in_failures
    -- A row counts whole until its last try is an hour old: too much now and then, and never too little, so that
    -- nobody starts anew when the clock strikes.
    where last_at > clock_timestamp() - interval '1 hour' and hour > clock_timestamp() - interval '2 hours'
      and (account in (${of.account}, ${of.device ?? ""}) or network = ${of.network})
  `.execute(db);
  const [row] = rows;
  if (!row) throw new Error("the database counts nothing");
  return row;
}

/** Rows at most: beyond that, of names that nobody has only the network is counted. Those that somebody has are few. */
const mostRows = 100_000;

/** `known`: somebody has this name, or this browser. */
export async function noteFailure(
  db: Db,
  account: string,
  network: string,
  known: boolean,
): Promise<void> {
  await sql`
    delete from sign_in_failures where hour < clock_timestamp() - interval '1 day'
  `.execute(db);
  await sql`
    insert into sign_in_failures (hour, account, network)
    select date_trunc('hour', clock_timestamp()),
      case when ${known}::boolean or (select count(*) from (select from sign_in_failures limit ${mostRows}) as kept) < ${mostRows}
        then ${account} else '' end, ${network}
    on conflict (hour, account, network)
      do update set tries = sign_in_failures.tries + 1, last_at = clock_timestamp()
  `.execute(db);
}

/** Whoever gets in had only mistyped. */
export async function forgetFailures(
  db: Db,
  of: { readonly account: string; readonly network: string; readonly device: string | null },
): Promise<void> {
  await sql`
    delete from sign_in_failures
    where (account = ${of.account} and network = ${of.network}) or account = ${of.device ?? ""}
  `.execute(db);
}

/** Of a day, at one account. */
export async function failuresOfDay(db: Db, account: string): Promise<number> {
  const { rows } = await sql<{ tries: number }>`
    select coalesce(sum(tries), 0)::int as tries from sign_in_failures where account = ${account}
  `.execute(db);
  return rows[0]?.tries ?? 0;
}
