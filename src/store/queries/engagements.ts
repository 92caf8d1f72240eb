import { sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import type { Engagement } from "../../model/engagement.ts";
import type { Digest } from "../../model/primitives.ts";
import { engagementsProjection } from "../projections/engagements.ts";
import { recordRows } from "../projections/projection.ts";
import type { EngagementRow } from "../schema-engagements.ts";
import type { Db, Tx } from "../schema.ts";
import { readPage } from "./page.ts";

/** Row and entry together. Undefined when this very envelope was recorded before. */
export async function insertEngagement(
  tx: Tx,
  given: {
    readonly content: Engagement;
    readonly digest: Digest;
    readonly envelope: Uint8Array;
    readonly person: string;
    readonly key: string;
    readonly by: string;
  },
): Promise<EngagementRow | undefined> {
  const row = await tx
    .insertInto("engagements")
    .values({
      service: given.content.service,
      content: JSON.stringify(given.content),
      digest: given.digest,
      envelope: Buffer.from(given.envelope),
      person: given.person,
      key_id: given.key,
      withdrawn: null,
      added_by: given.by,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, engagementsProjection, [row], { actor: given.by });
  return row;
}

export async function engagementByDigest(
  db: Db,
  digest: Digest,
): Promise<EngagementRow | undefined> {
  return db.selectFrom("engagements").selectAll().where("digest", "=", digest).executeTakeFirst();
}

export async function readEngagementRow(db: Db, id: string): Promise<EngagementRow | undefined> {
  return db.selectFrom("engagements").selectAll().where("id", "=", id).executeTakeFirst();
}

const list = {
  table: "engagements",
  id: "'E-' || id",
  order: ["id"],
  service: "service",
  environment: "content ->> 'environment'",
} as const;

/** Newest first. */
export async function listEngagements(
  db: Db,
  filter: { readonly service?: string | undefined } & Page,
): Promise<readonly EngagementRow[]> {
  let query = db.selectFrom("engagements").selectAll();
  if (filter.service !== undefined) query = query.where("service", "=", filter.service);
  return readPage(db, query, list, filter);
}

/** Undefined when it was withdrawn before. */
export async function withdrawEngagement(
  tx: Tx,
  id: string,
  reason: string,
  by: string,
): Promise<EngagementRow | undefined> {
  const row = await tx
    .updateTable("engagements")
    .set({ withdrawn: reason, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("withdrawn", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) {
    await recordRows(tx, engagementsProjection, [row], { kind: "engagement.withdrawn", actor: by });
  }
  return row;
}
