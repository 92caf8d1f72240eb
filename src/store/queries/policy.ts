import { type Insertable, sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import type { GovernanceMode } from "../../model/policy-proposal.ts";
import {
  governanceProjection,
  policyActsProjection,
  policyEntryKind,
} from "../projections/policy.ts";
import { recordRows } from "../projections/projection.ts";
import type { GovernanceRow, PolicyActRow } from "../schema-policy.ts";
import type { Db, Schema } from "../schema.ts";
import { readPage } from "./page.ts";

/** How policy is changed. Each change is a row and its entry, in the caller's transaction. */

/** The row that counts; undefined: nobody has ever chosen, which is solo. */
export async function newestGovernance(db: Db): Promise<GovernanceRow | undefined> {
  return db
    .selectFrom("governance")
    .selectAll()
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
}

export async function governanceHistory(db: Db): Promise<readonly GovernanceRow[]> {
  return db.selectFrom("governance").selectAll().orderBy("version", "desc").limit(100).execute();
}

export async function insertGovernance(
  tx: Db,
  version: number,
  mode: GovernanceMode,
  proposal: string | null,
  by: string,
): Promise<GovernanceRow> {
  const row = await tx
    .insertInto("governance")
    .values({ version, mode, proposal, set_by: by })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, governanceProjection, [row], { actor: by });
  return row;
}

/** @param more what the entry says besides, for people who read the log */
export async function insertPolicyAct(
  tx: Db,
  act: Insertable<Schema["policy_acts"]>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<PolicyActRow> {
  const row = await tx
    .insertInto("policy_acts")
    .values(act)
    .returningAll()
    .executeTakeFirstOrThrow();
  const how = { kind: policyEntryKind(row), actor: row.acted_by, more };
  await recordRows(tx, policyActsProjection, [row], how);
  return row;
}

/** All that was said of one proposal, in order. */
export async function actsOfProposal(db: Db, proposal: string): Promise<readonly PolicyActRow[]> {
  return db
    .selectFrom("policy_acts")
    .selectAll()
    .where("proposal", "=", proposal)
    .orderBy("at")
    .orderBy("id")
    .execute();
}

/** A proposal has no one place: who reads policy reads all of it. */
const list = {
  table: "policy_acts",
  id: "id",
  order: ["at", "id"],
  service: null,
  environment: null,
} as const;

/** Proposals, newest first. */
export async function listPolicyProposals(
  db: Db,
  { waiting, ...page }: { readonly waiting: boolean } & Page,
): Promise<readonly PolicyActRow[]> {
  let query = db.selectFrom("policy_acts").selectAll().where("kind", "=", "propose");
  if (waiting) {
    query = query
      .where(sql<boolean>`(content -> 'proposed' ->> 'until')::timestamptz > clock_timestamp()`)
      .where(
        sql<boolean>`not exists (select from policy_acts o where o.proposal = policy_acts.proposal and o.kind in ('effect', 'void'))`,
      );
  }
  return readPage(db, query, list, page);
}
