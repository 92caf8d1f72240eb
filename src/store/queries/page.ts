import { type RawBuilder, type SelectQueryBuilder, sql } from "kysely";
import { TidelockError } from "../../model/errors.ts";
import type { Page, Sight } from "../../model/principal.ts";
import type { Db, Schema } from "../schema.ts";

/**
 * Pages of lists, newest first, of what somebody may see. Both are conditions of the query: whatever of others there is, a
 * page is as long as was asked for, and neither its length nor where it ends tells of it.
 */

/** What a list is made of, as SQL over the columns of `table`. Constants of this program: they are not quoted. */
export interface List<T extends keyof Schema> {
  readonly table: T;
  /** What `after` names: the id of an item as people see it. */
  readonly id: string;
  /** Falling; the last is different in every row, so that the order is a whole one. */
  readonly order: readonly string[];
  /** Where an item lies; null: items of this list have no such side. */
  readonly service: string | null;
  readonly environment: string | null;
}

/** Rows that lie where somebody sees: a side that a row leaves open, or its list has not, is seen by whoever sees anything there. */
export function seen(
  sees: Sight | undefined,
  { service, environment }: Pick<List<never>, "service" | "environment">,
): RawBuilder<boolean> {
  if (sees === undefined || sees === "everything") return sql<boolean>`true`;
  const side = (column: string | null, name: string | null) =>
    column === null || name === null
      ? sql<boolean>`true`
      : sql<boolean>`(${sql.raw(column)} is null or ${sql.raw(column)} = ${name})`;
  const scopes = sees.map(
    (scope) => sql`(${side(service, scope.service)} and ${side(environment, scope.environment)})`,
  );
  return scopes.length === 0 ? sql<boolean>`false` : sql<boolean>`(${sql.join(scopes, sql` or `)})`;
}

/**
 * The page of `query` (over `list.table`, without order and limit).
 *
 * @throws `not-found` when `after` is nothing that this list shows to who asks, there or not
 */
export async function readPage<T extends keyof Schema, Row>(
  db: Db,
  query: SelectQueryBuilder<Schema, T, Row>,
  list: List<T>,
  { sees, after, limit }: Page,
): Promise<readonly Row[]> {
  const key = sql.raw(list.order.join(", "));
  const mark = sql`${sql.raw(list.id)} = ${after ?? null} and ${seen(sees, list)}`;
  let page = query.where(seen(sees, list));
  if (after !== undefined) {
    page = page.where(
      sql<boolean>`(${key}) < (select ${key} from ${sql.table(list.table)} where ${mark})`,
    );
  }
  for (const column of list.order) page = page.orderBy(sql.raw(column), "desc");
  const rows = await page.limit(limit).execute();
  if (rows.length === 0 && after !== undefined) {
    const { rows: marked } = await sql`select from ${sql.table(list.table)} where ${mark}`.execute(
      db,
    );
    if (marked.length === 0) {
      throw new TidelockError("not-found", "there is no such item to go on behind", {
        fault: "operator",
        where: "query.after",
        hint: "give `next` of the page before, or begin without `after`",
      });
    }
  }
  return rows;
}
