import { sql } from "kysely";
import { severities } from "../../model/observation.ts";
import { heartbeat } from "../../model/signal.ts";
import type { SignalRow } from "../schema-signals.ts";
import type { CheckRunRow, Db } from "../schema.ts";

/** What a signal after the end of a promotion is written down under; its source and number follow. */
export const taintedBy = "signal ";

export interface LateSignal {
  readonly signal: SignalRow;
  /** The last answer to a demand that listens: what the signal is one more answer to. */
  readonly run: CheckRunRow;
}

/**
 * What runtime controls say of what is live, since the promotion which had brought it was over: the worst first. Nothing
 * of a demand that such a signal has answered already, so that a thousand of them revoke a release once.
 */
export async function lateSignals(db: Db): Promise<readonly LateSignal[]> {
  const { rows } = await sql<{
    signal: string;
    source: string;
    service: string;
    environment: string;
    run: string;
  }>`
    select s.source, s.signal, s.service, s.environment, c.id as run
    from lanes l
    join lateral (
      select p.id, p.ended_at from promotions p
      where p.service = l.service and p.environment = l.environment and p.kind = 'promotion'
        and p.state = 'complete' and p.release = l.live_release and p.configuration = l.live_configuration
      order by p.sequence desc limit 1
    ) p on true
    join lateral (
      select distinct on (c.name) c.* from check_runs c
      where c.promotion = p.id and c.uses = 'signals' and c.phase = 'live' and c.report is not null
      order by c.name, c.started_at desc, c.attempt desc
    ) c on c.rescan is null
    join runtime_signals s on s.service = l.service and s.environment = l.environment
      and s.release = l.live_release and s.at > p.ended_at
      and s.kind <> ${heartbeat} and s.severity <> 'info'
    where l.removed_at is null
    order by array_position(${[...severities]}::text[], s.severity), s.at limit 200`.execute(db);
  const found: LateSignal[] = [];
  for (const row of rows) {
    const signal = await db
      .selectFrom("runtime_signals")
      .selectAll()
      .where("service", "=", row.service)
      .where("environment", "=", row.environment)
      .where("source", "=", row.source)
      .where("signal", "=", row.signal)
      .executeTakeFirstOrThrow();
    const run = await db
      .selectFrom("check_runs")
      .selectAll()
      .where("id", "=", row.run)
      .executeTakeFirstOrThrow();
    found.push({ signal, run });
  }
  return found;
}
