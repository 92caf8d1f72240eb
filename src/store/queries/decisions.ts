import type { Decision } from "../../model/decision.ts";
import type { Db } from "../schema.ts";

/** Decisions and the inputs that were kept of them. */

export interface KeptDecisionRow {
  readonly step: number;
  readonly decision: Decision;
  readonly inputs: string | null;
}

export async function keptDecisions(
  db: Db,
  promotion: string,
): Promise<readonly KeptDecisionRow[]> {
  const rows = await db
    .selectFrom("decisions")
    .leftJoin("decision_inputs", (join) =>
      join.on("decision_inputs.digest", "=", (eb) =>
        eb.ref("decisions.decision", "->>").key("inputs"),
      ),
    )
    .select(["decisions.step", "decisions.decision", "decision_inputs.content"])
    .where("decisions.promotion", "=", promotion)
    .orderBy("decisions.step")
    .execute();
  return rows.map(({ step, decision, content }) => ({ step, decision, inputs: content }));
}
