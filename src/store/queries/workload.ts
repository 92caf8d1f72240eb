import { sql } from "kysely";
import type { WorkloadRule } from "../../model/workload.ts";
import { recordRows } from "../projections/projection.ts";
import { apiTokensProjection } from "../projections/roles.ts";
import { workloadRulesProjection } from "../projections/workload.ts";
import type { ApiTokenRow, WorkloadRuleRow } from "../schema-access.ts";
import type { Db } from "../schema.ts";
import { dbNow } from "./promotions.ts";

/** Rules by which programs of other platforms get tokens here. */

/** Those that stand. */
export async function listRules(db: Db): Promise<readonly WorkloadRuleRow[]> {
  return db
    .selectFrom("workload_rules")
    .selectAll()
    .where("removed_at", "is", null)
    .orderBy("name")
    .execute();
}

/** Those that stand, of one issuer. */
export async function rulesOfIssuer(db: Db, issuer: string): Promise<readonly WorkloadRuleRow[]> {
  return db
    .selectFrom("workload_rules")
    .selectAll()
    .where("removed_at", "is", null)
    .where(sql<boolean>`rule->>'issuer' = ${issuer}`)
    .orderBy("name")
    .limit(1_000)
    .execute();
}

/** By name, or by id; one that stands first. */
export async function findRule(db: Db, reference: string): Promise<WorkloadRuleRow | undefined> {
  return db
    .selectFrom("workload_rules")
    .selectAll()
    .where((where) => where.or([where("id", "=", reference), where("name", "=", reference)]))
    .orderBy(sql`removed_at is not null`)
    .executeTakeFirst();
}

export async function addRule(
  tx: Db,
  id: string,
  rule: WorkloadRule,
  by: string,
): Promise<WorkloadRuleRow | undefined> {
  const row = await tx
    .insertInto("workload_rules")
    .values({ id, name: rule.name, rule: JSON.stringify(rule), added_by: by })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, workloadRulesProjection, [row], { actor: by });
  return row;
}

/** With every token that it gave: from the next request on they are nobody's. */
export async function removeRule(
  tx: Db,
  id: string,
  by: string,
): Promise<WorkloadRuleRow | undefined> {
  const row = await tx
    .updateTable("workload_rules")
    .set({ removed_at: dbNow, removed_by: by, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (!row) return undefined;
  await recordRows(tx, workloadRulesProjection, [row], { kind: "workload.unruled", actor: by });
  const tokens: readonly ApiTokenRow[] = await tx
    .updateTable("api_tokens")
    .set({ removed_at: dbNow, removed_by: by, changes: sql<number>`changes + 1` })
    .where("rule", "=", id)
    .where("removed_at", "is", null)
    .where("expires_at", ">", dbNow)
    .returningAll()
    .execute();
  await recordRows(tx, apiTokensProjection, tokens, { kind: "token.revoked", actor: by });
  return row;
}

/** False: it was used before. Whoever uses it at the same time waits here, and one of them hears no. */
export async function useOnce(tx: Db, use: string, until: Date): Promise<boolean> {
  const { rows } = await sql`
    insert into workload_uses (use, until) values (${use}, ${until}) on conflict do nothing returning use
  `.execute(tx);
  return rows.length === 1;
}

/** Forgets uses of tokens that count no more. */
export async function forgetUses(db: Db): Promise<void> {
  await sql`
    delete from workload_uses where use in (
      select use from workload_uses where until < clock_timestamp() order by until limit 200
      for update skip locked)
  `.execute(db);
}

export interface RuleUse {
  readonly rule: string;
  readonly given: number;
  readonly valid: number;
  readonly last_at: Date | null;
}

/** How many tokens each rule has given, and when one was used last. */
export async function ruleUses(db: Db): Promise<ReadonlyMap<string, RuleUse>> {
  const { rows } = await sql<RuleUse>`
    select t.rule, count(*)::int as given, max(u.last_at) as last_at,
      (count(*) filter (where t.removed_at is null and t.expires_at > clock_timestamp()))::int as valid
    from api_tokens t left join (
      select token, max(last_at) as last_at from token_uses group by token
    ) u on u.token = t.id
    where t.rule is not null group by t.rule
  `.execute(db);
  return new Map(rows.map((row) => [row.rule, row]));
}

/** Whether a rule stands, and stays so until the transaction ends. */
export async function standingRule(tx: Db, id: string): Promise<boolean> {
  const row = await tx
    .selectFrom("workload_rules")
    .select("id")
    .where("id", "=", id)
    .where("removed_at", "is", null)
    .forShare()
    .executeTakeFirst();
  return row !== undefined;
}
