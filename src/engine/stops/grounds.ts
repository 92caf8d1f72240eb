import { stopsProjection } from "../../store/projections/stops.ts";
import { allStops, readStop } from "../../store/queries/stops.ts";
import type { Db } from "../../store/schema.ts";
import { type Ground, groundsOf, nothingAfter } from "../ledger/leaning.ts";

/**
 * That nothing which was stopped was let go behind the ledger. All rows are held against it, cleared ones too: one that was
 * never cleared would look the same. Their numbers have no gap, so a row that was taken out is missed.
 */
export async function groundsOfStops(db: Db): Promise<readonly Ground[]> {
  const rows = await allStops(db);
  const there = new Set(rows.map(({ id }) => id));
  const next = (rows.at(-1)?.id ?? 0) + 1;
  const missing = Array.from({ length: next }, (_, place) => place + 1).filter(
    (id) => !there.has(id),
  );
  return [
    ...groundsOf(stopsProjection, rows),
    ...missing.map((id) =>
      nothingAfter("stops", `stop/${id}/1`, async (tx) => (await readStop(tx, id)) !== undefined),
    ),
  ];
}
