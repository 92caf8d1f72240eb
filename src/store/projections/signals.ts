import type { SignalRow } from "../schema-signals.ts";
import { authorOf, type Projection, time } from "./projection.ts";

/** What runtime controls saw: it takes a release back, so nobody adds or changes one behind the log. */
export const signalsProjection: Projection<SignalRow> = {
  table: "runtime_signals",
  kinds: ["signal.recorded"],
  key: ({ service, environment, source, signal }) =>
    `signal/${service}/${environment}/${source}/${signal}`,
  changes: () => null,
  counted: false,
  // The time too: a check looks at what came since its promotion began.
  columns: ({ at, added_by: _by, ...columns }) => ({ ...columns, at: time(at) }),
  authors: (row) => [authorOf(signalsProjection, row, "added_by", row.added_by)],
  stream: ({ service, environment }) => `${service}/${environment}`,
  async *rows(db) {
    yield* await db.selectFrom("runtime_signals").selectAll().execute();
  },
};
