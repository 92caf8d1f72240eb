import { sql } from "kysely";
import type { Decision } from "../../model/decision.ts";
import { type Lean, leansOf } from "../../policy/leans.ts";
import type { Db } from "../schema.ts";

/** What decisions leaned on, by that: in the transaction of each decision. */
export async function keepLeans(
  tx: Db,
  decided: readonly {
    readonly promotion: string;
    readonly step: number;
    readonly decision: Decision;
    readonly inputs: Readonly<Record<string, unknown>>;
  }[],
): Promise<void> {
  await writeLeans(
    tx,
    decided.map(({ promotion, step, decision, inputs }) => {
      return { promotion, step, leans: leansOf(decision, inputs) };
    }),
  );
}

/** The same, where what they lean on has been looked for. */
export async function writeLeans(
  tx: Db,
  decided: readonly {
    readonly promotion: string;
    readonly step: number;
    readonly leans: readonly Lean[];
  }[],
): Promise<void> {
  const leans = decided.flatMap((one) =>
    one.leans.map((lean) => ({ ...lean, promotion: one.promotion, step: one.step })),
  );
  if (leans.length === 0) return;
  const column = <K extends keyof (typeof leans)[number]>(key: K) => leans.map((one) => one[key]);
  await sql`
    insert into decision_leans (kind, what, promotion, step)
    select * from unnest(${column("kind")}::text[], ${column("what")}::text[], ${column("promotion")}::text[], ${column("step")}::integer[])
    on conflict do nothing
  `.execute(tx);
}
