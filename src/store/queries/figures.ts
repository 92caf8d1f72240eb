import { sql } from "kysely";
import type { Figures } from "../../ports/control-plane.ts";
import type { Db } from "../schema.ts";

/** What monitoring asks for, by the database's clock: counts and ages, no name of anybody or anything. Ages in seconds. */
export async function readFigures(db: Db): Promise<Figures> {
  const age = (at: string) => sql.raw(`extract(epoch from clock_timestamp() - ${at})::float8`);
  const one = async <T>(query: ReturnType<typeof sql<T>>): Promise<T> => {
    const [row] = (await query.execute(db)).rows;
    if (row === undefined) throw new Error("the database counts nothing");
    return row;
  };
  const [people, waiting, lanes, ledger, states] = await Promise.all([
    one(sql<Figures["people"]>`select
      (select count(*)::int from sessions where removed_at is null and carried = 'cookie'
        and idle_until > clock_timestamp() and expires_at > clock_timestamp()) as browsers,
      (select count(*)::int from sessions where removed_at is null and carried = 'bearer'
        and idle_until > clock_timestamp() and expires_at > clock_timestamp()) as terminals,
      (select count(*)::int from accounts where locked) as locked,
      (select coalesce(sum(tries), 0)::int from sign_in_failures
        where last_at > clock_timestamp() - interval '1 hour') as failures`),
    one(sql<
      Figures["approvals"]
    >`select count(*)::int as waiting, ${age("min(r.asked_at)")} as oldest
      from approval_requests r join promotions p on p.id = r.promotion
      where r.voided_at is null and p.state = 'running' and p.ending is null`),
    one(sql<Figures["lanes"]>`select
      (select ${age("min(created_at)")} from promotions where state = 'queued') as queued,
      (select ${age("min(since)")} from environment_leases) as leased,
      (select count(*)::int from environment_leases) as leases`),
    one(sql<Figures["ledger"]>`select
      (select size::float8 from ledger_checkpoints order by log desc, size desc limit 1) as size,
      (select ${age("at")} from ledger_checkpoints order by log desc, size desc limit 1) as head,
      (select count(*)::int from ledger_queue) as queued`),
    sql<{ state: string; count: number }>`
      select state, count(*)::int as count from promotions group by state`.execute(db),
  ]);
  const promotions = Object.fromEntries(states.rows.map(({ state, count }) => [state, count]));
  return { people, approvals: waiting, lanes, ledger, promotions };
}
