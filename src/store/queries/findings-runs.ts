import { sql } from "kysely";
import type { Digest } from "../../model/primitives.ts";
import type { KeptReport } from "../../model/verdict.ts";
import type { Db } from "../schema.ts";

/** A check run whose report nobody has taken in. */
export interface OwnRun {
  readonly id: string;
  readonly name: string;
  readonly uses: string;
  readonly phase: "static" | "deployed" | "live";
  readonly release: Digest;
  readonly ended_at: Date;
  readonly report: KeptReport;
  readonly promotion: string;
  readonly service: string;
  readonly environment: string;
}

/** The oldest first, so that findings are seen in the order in which they were. */
export async function untakenRuns(
  db: Db,
  scanners: readonly string[],
  limit: number,
): Promise<readonly OwnRun[]> {
  const { rows } = await sql<OwnRun>`
    select c.id, c.name, c.uses, c.phase, c.release, c.ended_at,
      c.report - 'observations' - 'results' as report, c.promotion, p.service, p.environment
    from (
      select * from check_runs c where c.ended_at is not null and c.uses = any (${[...scanners]})
        and not exists (select from finding_imports i where i.check_run = c.id)
        and not exists (select from finding_skipped_runs s where s.check_run = c.id)
      order by c.ended_at, c.id limit ${limit}
    ) c join promotions p on p.id = c.promotion
    where c.report is not null
    order by c.ended_at, c.id
  `.execute(db);
  return rows;
}

export async function skipRun(db: Db, run: string, why: string): Promise<void> {
  await db
    .insertInto("finding_skipped_runs")
    .values({ check_run: run, why: why.slice(0, 1_000) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
