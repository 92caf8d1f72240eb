import type { FeedRow } from "../schema-feeds.ts";
import { type Projection, time } from "./projection.ts";

/** Which edition of a feed counts: a known exploit that nobody knows of any more would open a gate. */
export const feedsProjection: Projection<FeedRow> = {
  table: "feeds",
  kinds: ["feed.imported"],
  key: ({ kind }) => `feed/${kind}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: ({ kind, digest, as_of, version, records, content_digest, fewer, imported_at }) => ({
    kind,
    digest,
    asOf: time(as_of),
    version,
    records,
    contentDigest: content_digest,
    fewer,
    importedAt: time(imported_at),
  }),
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("feeds").selectAll().execute();
  },
};
