import type { WorkloadRuleRow } from "../schema-access.ts";
import { authorOf, type Projection } from "./projection.ts";

/** Whose word of other platforms gets a token here: a rule that somebody wrote in opens a door. */
export const workloadRulesProjection: Projection<WorkloadRuleRow> = {
  table: "workload_rules",
  kinds: ["workload.ruled", "workload.unruled"],
  key: ({ id }) => `workload-rule/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    id: row.id,
    name: row.name,
    rule: row.rule,
    removed: row.removed_at !== null,
  }),
  authors: (row) => [
    authorOf(workloadRulesProjection, row, "added_by", row.added_by),
    ...(row.removed_by === null
      ? []
      : [
          {
            column: "removed_by",
            who: row.removed_by,
            operation: `workload-rule/${row.id}/2`,
            kind: "workload.unruled",
          },
        ]),
  ],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("workload_rules").selectAll().execute();
  },
};
