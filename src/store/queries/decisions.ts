import { sql } from "kysely";
import type { Decision } from "../../model/decision.ts";
import type { Digest } from "../../model/primitives.ts";
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

/** A decision with what it takes to ask what it would have been under another policy. */
export interface PastDecision {
  readonly promotion: string;
  readonly step: number;
  readonly at: Date;
  readonly service: string;
  readonly environment: string;
  readonly release: Digest;
  /** `rollback`: not held to what is demanded. */
  readonly kind: "promotion" | "rollback";
  /** Of the documents that its plan was made from. */
  readonly pipeline: Digest;
  readonly owners: Digest;
  /** Kind of the step that asked; null: it was made after the promotion. */
  readonly asked: string | null;
  readonly decision: Decision;
  readonly inputs: string | null;
}

/** Decisions since a moment, oldest first, some at a time: inputs may be large. */
export async function* pastDecisions(
  db: Db,
  filter: {
    readonly since: Date;
    readonly service?: string | undefined;
    readonly environment?: string | undefined;
  },
): AsyncIterable<PastDecision> {
  const limit = 100;
  let after = { at: filter.since.toISOString(), promotion: "", step: -1 };
  for (;;) {
    const { rows } = await sql<PastDecision & { readonly cursor: string }>`
      select d.promotion, d.step, d.at, d.at::text as cursor, p.service, p.environment, p.release, p.kind,
        p.plan ->> 'pipeline' as pipeline, p.plan ->> 'environment' as owners,
        p.plan -> 'steps' -> d.step ->> 'kind' as asked, d.decision, i.content as inputs
      from decisions d
      join promotions p on p.id = d.promotion
      left join decision_inputs i on i.digest = d.decision ->> 'inputs'
      where (d.at, d.promotion, d.step) > (${after.at}::timestamptz, ${after.promotion}, ${after.step}::integer)
        and (${filter.service ?? null}::text is null or p.service = ${filter.service ?? null})
        and (${filter.environment ?? null}::text is null or p.environment = ${filter.environment ?? null})
      order by d.at, d.promotion, d.step limit ${limit}
    `.execute(db);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return;
    after = { at: last.cursor, promotion: last.promotion, step: last.step };
  }
}
