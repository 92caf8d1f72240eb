import type { Plan } from "../model/plan.ts";
import type { ObligationInput, ShownRun } from "../policy/obligations/grounds.ts";
import { readPlan } from "../strategies/plan.ts";
import { checkRunsOf } from "../store/queries/evidence.ts";
import type { PromotionRow } from "../store/schema.ts";
import { attestedRuns } from "./attested-runs.ts";
import type { Engine } from "./engine.ts";

/** Older promotions of one release than these show nothing any more. */
const mostPromotions = 100;

/** What a plan's requirements and threats ask for, and every signed run that could show it; undefined: they ask for nothing. */
export async function obligationsOf(
  engine: Engine,
  plan: Plan,
): Promise<ObligationInput | undefined> {
  const { obligations } = plan;
  if (obligations === undefined || plan.kind === "rollback") return undefined;
  const asked = new Set(obligations.asked.flatMap(({ proofs }) => proofs.map(({ uses }) => uses)));
  const promotions: readonly PromotionRow[] =
    asked.size === 0
      ? []
      : await engine.db
          .selectFrom("promotions")
          .selectAll()
          .where("service", "=", plan.lane.service)
          .where("release", "=", plan.release)
          .orderBy("created_at", "desc")
          .limit(mostPromotions)
          .execute();
  const runs: ShownRun[] = [];
  for (const promotion of promotions) {
    runs.push(...(await shownIn(engine, promotion, asked)));
  }
  return { ...obligations, runs };
}

/** The runs of one promotion that are signed, and of adapters that somebody asks for. */
async function shownIn(
  engine: Engine,
  promotion: PromotionRow,
  asked: ReadonlySet<string>,
): Promise<readonly ShownRun[]> {
  const plan = readPlan(promotion.plan);
  const demands = new Map(plan.checks.map((check) => [check.name, check]));
  const fitting = (await checkRunsOf(engine.db, promotion.id)).filter((run) =>
    asked.has(demands.get(run.name)?.uses ?? ""),
  );
  const runs = await attestedRuns(engine, plan, fitting);
  return runs.flatMap(({ name, report, ended_at, started_at }) => {
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
}
