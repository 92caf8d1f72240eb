import type { StopRow } from "../schema-stops.ts";
import { authorOf, type Projection, time } from "./projection.ts";

/** What is stopped: without the row a line goes on, and what is banned goes to users. */
export const stopsProjection: Projection<StopRow> = {
  table: "stops",
  kinds: ["stop.set", "stop.cleared"],
  key: ({ id }) => `stop/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: ({ id, kind, service, environment, release, artifacts, at, cleared_at, ...row }) => ({
    id,
    kind,
    service,
    environment,
    release,
    artifacts,
    // Left out where it is as it always was: older entries do not have it.
    ...(row.parts === "all" ? {} : { parts: row.parts }),
    ...(row.revision === null ? {} : { revision: row.revision }),
    reason: row.reason,
    at: time(at),
    clearedAt: time(cleared_at),
    clearedReason: row.cleared_reason,
  }),
  authors: (row) => [
    authorOf(stopsProjection, row, "by_actor", row.by_actor),
    // It is cleared once, and that is the row's second writing.
    ...(row.cleared_by === null
      ? []
      : [
          {
            column: "cleared_by",
            who: row.cleared_by,
            operation: `stop/${row.id}/2`,
            kind: "stop.cleared",
          },
        ]),
  ],
  stream: ({ service, environment }) =>
    service === null
      ? `*/${environment ?? "*"}`
      : environment
        ? `${service}/${environment}`
        : service,
  async *rows(db) {
    yield* await db.selectFrom("stops").selectAll().orderBy("id").execute();
  },
};
