import type { EngagementRow } from "../schema-engagements.ts";
import { type Projection, time } from "./projection.ts";

/** Who looked for weaknesses, and until when that counts: without one a gate stays closed. */
export const engagementsProjection: Projection<EngagementRow> = {
  table: "engagements",
  kinds: ["engagement.recorded", "engagement.withdrawn"],
  key: ({ id }) => `engagement/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: ({ id, service, content, digest, person, key_id, withdrawn, added_at }) => ({
    id,
    service,
    content,
    digest,
    person,
    key: key_id,
    withdrawn,
    addedAt: time(added_at),
  }),
  stream: ({ service }) => service,
  async *rows(db) {
    yield* await db.selectFrom("engagements").selectAll().execute();
  },
};
