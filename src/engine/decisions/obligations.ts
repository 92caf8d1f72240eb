import { sql } from "kysely";
import type { Plan } from "../../model/plan.ts";
import type { ObligationInput } from "../../policy/obligations/grounds.ts";
import type { ShownRun } from "../../policy/obligations/shown.ts";
import { readPlan } from "../../strategies/plan.ts";
import { checkRunsOf } from "../../store/queries/evidence.ts";
import type { PlacedRun } from "../../store/projections/promotions.ts";
import type { CheckRunRow, PromotionRow } from "../../store/schema.ts";
import { attestedRuns } from "../attestations/attested-runs.ts";
import type { Engine } from "../engine.ts";

/** Older promotions of one release than these show nothing good any more. */
const mostPromotions = 100;

/** What is decided over, and the finished runs that it was read from, the unsigned ones too. */
export interface Obliged {
  readonly input: ObligationInput;
  readonly rows: readonly PlacedRun[];
}

/** What a plan's requirements and threats ask for, and every signed run that could show it; undefined: they ask for nothing. */
export async function obligationsOf(
  engine: Engine,
  plan: Pick<Plan, "obligations" | "kind" | "lane" | "release">,
): Promise<Obliged | undefined> {
  const { obligations } = plan;
  if (obligations === undefined || plan.kind === "rollback") return undefined;
  const asked = new Set(obligations.asked.flatMap(({ proofs }) => proofs.map(({ uses }) => uses)));
  const runs: ShownRun[] = [];
  const rows: PlacedRun[] = [];
  for (const promotion of await promotionsOf(engine, plan, [...asked])) {
    const { service, environment } = promotion;
    const found = await shownIn(engine, promotion, asked);
    runs.push(...found.runs);
    rows.push(...found.rows.map((row) => ({ ...row, service, environment })));
  }
  return { input: { ...obligations, runs }, rows };
}

/** The newest ones, and each in which something failed: a fail stays, however often something else is run afterwards. */
async function promotionsOf(
  { db }: Engine,
  { lane, release }: Pick<Plan, "lane" | "release">,
  uses: readonly string[],
): Promise<readonly PromotionRow[]> {
  if (uses.length === 0) return [];
  const all = db
    .selectFrom("promotions")
    .selectAll()
    .where("service", "=", lane.service)
    .where("release", "=", release)
    .orderBy("created_at", "desc");
  const newest = await all.limit(mostPromotions).execute();
  if (newest.length < mostPromotions) return newest;
  const failed = await all
    .where((is) =>
      is.exists(
        is
          .selectFrom("check_runs")
          .select("check_runs.id")
          .whereRef("check_runs.promotion", "=", "promotions.id")
          .where("check_runs.uses", "in", uses)
          .where(sql<boolean>`check_runs.report ->> 'verdict' = 'fail'`),
      ),
    )
    .execute();
  const known = new Set(newest.map(({ id }) => id));
  return [...newest, ...failed.filter(({ id }) => !known.has(id))];
}

/** The runs of one promotion that are signed, and of adapters that somebody asks for. */
async function shownIn(
  engine: Engine,
  promotion: PromotionRow,
  asked: ReadonlySet<string>,
): Promise<{ readonly runs: readonly ShownRun[]; readonly rows: readonly CheckRunRow[] }> {
  const plan = readPlan(promotion.plan);
  const demands = new Map(plan.checks.map((check) => [check.name, check]));
  const fitting = (await checkRunsOf(engine.db, promotion.id)).filter((run) =>
    asked.has(demands.get(run.name)?.uses ?? ""),
  );
  const attested = await attestedRuns(engine, plan, fitting);
  const runs = attested.flatMap(({ name, report, ended_at, started_at }) => {
    const demand = demands.get(name);
    if (!report || !demand) return [];
    const { requests, assertions, files } = report.exercised;
    return [
      {
        environment: promotion.environment,
        check: name,
        uses: demand.uses,
        with: demand.with,
        verdict: report.verdict,
        exercised: requests + assertions + files > 0,
        at: (ended_at ?? started_at).toISOString(),
        expiresAt: report.validUntil ?? null,
      },
    ];
  });
  return { runs, rows: fitting.filter(({ report }) => report !== null) };
}
