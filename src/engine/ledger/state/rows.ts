import type { ProjectedRow } from "../../../store/projections/projection.ts";
import { projections } from "../../../store/projections/registry.ts";
import { pseudonyms } from "../../../store/queries/ledger-state.ts";
import type { Db } from "../../../store/schema.ts";
import { authorDifference, type Difference, rowDifference, type Said } from "./difference.ts";
import { authorKey, type Replayed } from "./replay.ts";

export type RowsCompared =
  | { readonly ok: true; readonly rows: number; readonly erased: number }
  | { readonly ok: false; readonly difference: Difference };

/** Every row of every table that is rebuilt from the log, and every entry whose row has to be there. */
export async function compareRows(db: Db, replayed: Replayed): Promise<RowsCompared> {
  const people = await pseudonyms(db);
  let rows = 0;
  let erased = 0;
  for (const projection of projections) {
    const { table } = projection;
    const left = new Map<string, Said>(replayed.said.get(table));
    for await (const row of projection.rows(db)) {
      rows += 1;
      const entry = left.get(row.key);
      left.delete(row.key);
      if (entry?.columns === null) erased += 1;
      const difference =
        rowDifference(table, row, entry) ?? wrongAuthor(table, row, people, replayed.actors);
      if (difference) return { ok: false, difference };
    }
    for (const [key, { index, columns }] of left) {
      if (columns === null || projection.mayBeAbsent?.(columns)) continue;
      const message = `${table}: the row ${key} is in the log (entry ${index ?? "without a place yet"}) and not in the database`;
      return { ok: false, difference: { table, row: key, column: null, index, message } };
    }
  }
  return { ok: true, rows, erased };
}

function wrongAuthor(
  table: string,
  row: ProjectedRow,
  people: ReadonlyMap<string, string>,
  actors: Replayed["actors"],
): Difference | null {
  for (const author of row.authors) {
    const said = actors.get(authorKey(author)) ?? null;
    const pseudonym = people.get(author.who) ?? author.who;
    const difference = authorDifference(table, row.key, author, pseudonym, said);
    if (difference) return difference;
  }
  return null;
}
