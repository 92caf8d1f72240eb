import { digestOf } from "../../model/canonical.ts";
import type { WaiverRow } from "../schema-waivers.ts";
import { authorOf, type Projection, time } from "./projection.ts";

/**
 * Accepted risks: a row that somebody widened, prolonged or brought back to life opens nothing, because its entry says
 * otherwise. Reasons are people's words, so the entry has their digest.
 */
export const waiversProjection: Projection<WaiverRow> = {
  table: "waivers",
  kinds: ["waiver.proposed", "waiver.signed", "waiver.withdrawn", "waiver.ended"],
  key: ({ id }) => `waiver/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    waiver: row.id,
    service: row.service,
    environment: row.environment,
    content: digestOf(row.content),
    // To be read in the log itself: what was accepted, and until when.
    of: row.content.of,
    release: row.content.release,
    until: row.content.until,
    state: row.state,
    signatures: row.signatures.map(({ person, key, envelope, separation, at }) => ({
      person,
      key,
      envelope: digestOf(envelope),
      separation,
      at,
    })),
    since: time(row.since),
    why: row.why,
    endedAt: time(row.ended_at),
  }),
  authors: (row) => [authorOf(waiversProjection, row, "proposed_by", row.proposed_by)],
  stream: ({ service, environment }) => `${service}/${environment}`,
  async *rows(db) {
    yield* await db.selectFrom("waivers").selectAll().orderBy("id").execute();
  },
};
