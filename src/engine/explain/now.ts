import { sql } from "kysely";
import { letsThrough } from "../../model/decision.ts";
import type { Plan } from "../../model/plan.ts";
import type { Decided } from "../../policy/decide.ts";
import type { DecisionInputs } from "../../policy/replay.ts";
import type { KeptDecisionRow } from "../../store/queries/decisions.ts";
import type { Db, ReleaseRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { decisionAtGate } from "../decisions/evidence.ts";
import { currentConfiguration } from "../promotions/plan-inputs.ts";
import { admission } from "../steps/admit.ts";
import type { Explained } from "./view.ts";

export interface Asked {
  readonly plan: Plan;
  readonly release: ReleaseRow;
  /** Empty: there is no promotion. */
  readonly id: string;
  readonly admitted: boolean;
}

/** By the same gatherers and the same rules as at its gate; nothing of it is kept. */
export async function decideNow(
  engine: Engine,
  { plan, release, id, admitted }: Asked,
): Promise<Pick<Explained, "inputs" | "decision" | "place" | "at" | "kept">> {
  const now = await clock(engine.db);
  const at = now.toISOString();
  if (!admitted) {
    const { configuration: given } = await currentConfiguration(engine.db, plan.lane);
    const first = await admission(engine, plan, release.content, now, id === "" ? { given } : {});
    if (!letsThrough(first.decision.outcome)) return { ...taken(first), place: "admission", at };
  }
  return gateNow(engine, { plan, release, id }, now);
}

/** What the gate would say now, whatever admission says. */
export async function gateNow(
  engine: Engine,
  { plan, release, id }: Omit<Asked, "admitted">,
  now: Date,
): Promise<Pick<Explained, "inputs" | "decision" | "place" | "at" | "kept">> {
  const site = { engine, plan, release: release.content, now, promotion: { id } };
  const { decided } = await decisionAtGate(site);
  return { ...taken(decided), place: "gate", at: now.toISOString() };
}

function taken({ decision, inputs }: Decided) {
  return { decision, inputs: inputs as unknown as DecisionInputs, kept: false };
}

/** When a kept decision was made. */
export async function decidedAt(
  db: Db,
  promotion: string,
  { step }: KeptDecisionRow,
): Promise<Date> {
  const row = await db
    .selectFrom("decisions")
    .select("at")
    .where("promotion", "=", promotion)
    .where("step", "=", step)
    .executeTakeFirstOrThrow();
  return row.at;
}

/** By the database. */
export async function clock(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return rows[0]?.now ?? new Date();
}
