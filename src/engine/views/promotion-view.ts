import type { PromotionView, StepView } from "../../api/views.ts";
import type { ReleaseRow, Db, PromotionRow, StepRow } from "../../store/schema.ts";
import type { Colour } from "../../model/primitives.ts";
import { checkRunsOf } from "../../store/queries/evidence.ts";
import { lastDecision, stepsOf } from "../../store/queries/promotions.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { checkSteps } from "./check-steps.ts";

export type PromotionSummary = Omit<PromotionView, "steps" | "checks" | "decision">;

/** Everything about one promotion. */
export async function promotionView(db: Db, row: PromotionRow): Promise<PromotionView> {
  const [release, steps, checks, decision] = await Promise.all([
    readRelease(db, row.release),
    stepsOf(db, row.id),
    checkRunsOf(db, row.id),
    lastDecision(db, row.id),
  ]);
  return {
    ...summaryOf(row, release),
    steps: checkSteps(steps.map(stepView), checks, (name) => allowsWarn(row, name)),
    checks: checks.map((run) => ({
      id: run.id,
      name: run.name,
      uses: run.uses,
      phase: run.phase,
      report: run.report,
      startedAt: run.started_at.toISOString(),
      endedAt: run.ended_at?.toISOString() ?? null,
    })),
    decision,
  };
}

function stepView(step: StepRow): StepView {
  return {
    index: step.index,
    kind: step.kind,
    title: step.title,
    state: step.state,
    attempts: step.attempts,
    startedAt: step.started_at?.toISOString() ?? null,
    endedAt: step.ended_at?.toISOString() ?? null,
    message: step.message,
  };
}

/** As far as this program can read its plan. */
function allowsWarn({ plan }: PromotionRow, name: string): boolean {
  const checks = Array.isArray(plan.checks) ? plan.checks : [];
  return checks.find((one) => one.name === name)?.allowWarn ?? false;
}

export async function promotionSummaries(
  db: Db,
  rows: readonly PromotionRow[],
): Promise<readonly PromotionSummary[]> {
  const ids = [...new Set(rows.map((row) => row.release))];
  if (ids.length === 0) return [];
  const releases = await db.selectFrom("releases").selectAll().where("id", "in", ids).execute();
  const byId = new Map(releases.map((release) => [release.id, release]));
  return rows.map((row) => summaryOf(row, byId.get(row.release)));
}

function summaryOf(row: PromotionRow, release: ReleaseRow | undefined): PromotionSummary {
  return {
    id: row.id,
    kind: row.kind,
    service: row.service,
    environment: row.environment,
    release: { id: row.release, version: release?.version ?? "0" },
    configuration: { digest: row.configuration, version: row.configuration_version },
    state: row.state,
    desired: row.desired,
    colour: colourOf(row),
    waiting:
      row.wait_reason === null
        ? null
        : {
            reason: row.wait_reason,
            who: row.wait_who ?? "",
            until: row.wait_until?.toISOString() ?? null,
          },
    message: row.message,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    planDigest: row.plan_digest,
  };
}

/** The colour that it moves traffic to, as far as this program can read its plan. */
function colourOf(row: PromotionRow): Colour | null {
  const steps = Array.isArray(row.plan.steps) ? row.plan.steps : [];
  const step = steps.find((one) => one.kind === "switch");
  return step?.kind === "switch" ? step.to : null;
}
