import { digestOf } from "../../model/canonical.ts";
import type { GovernanceRow, PolicyActRow } from "../schema-policy.ts";
import { authorOf, paged, type Projection, time } from "./projection.ts";

/** Who decides what decides. Contents stand in their table; the log holds their digests. */

export const governanceProjection: Projection<GovernanceRow> = {
  table: "governance",
  kinds: ["governance.set"],
  key: ({ version }) => `governance/${version}`,
  changes: () => null,
  counted: false,
  columns: ({ version, mode, proposal, at }) => ({ version, mode, proposal, at: time(at) }),
  authors: (row) => [authorOf(governanceProjection, row, "set_by", row.set_by)],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("governance").selectAll().orderBy("version").execute();
  },
};

const kinds = {
  propose: "policy.proposed",
  sign: "policy.signed",
  effect: "policy.changed",
  void: "policy.void",
} as const;

export function policyEntryKind({ kind }: Pick<PolicyActRow, "kind">): string {
  return kinds[kind];
}

export const policyActsProjection: Projection<PolicyActRow> = {
  table: "policy_acts",
  kinds: Object.values(kinds),
  key: ({ id }) => `policy-act/${id}`,
  changes: () => null,
  counted: false,
  columns: ({ id, kind, proposal, content, at }) => ({
    id,
    kind,
    proposal,
    content: digestOf(content),
    at: time(at),
  }),
  authors: (row) => [
    {
      column: "acted_by",
      who: row.acted_by,
      operation: policyActsProjection.key(row),
      kind: policyEntryKind(row),
    },
  ],
  stream: () => "system",
  rows: (db) =>
    paged(
      (after: string | null, limit) =>
        db
          .selectFrom("policy_acts")
          .selectAll()
          .where("id", ">", after ?? "")
          .orderBy("id")
          .limit(limit)
          .execute(),
      ({ id }) => id,
    ),
};
