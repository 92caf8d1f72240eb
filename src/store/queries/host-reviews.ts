import { sql } from "kysely";
import type { Digest } from "../../model/primitives.ts";
import type { Document } from "../../model/pipeline.ts";
import type { Db } from "../schema.ts";

/** What git hosts said, by the entries that name it. */

/** The statement of when a host was last asked about a release, for an environment. */
export async function newestReview(
  db: Db,
  release: Digest,
  environment: string,
): Promise<Digest | null> {
  const { rows } = await sql<{ digest: Digest | null }>`
    select payload -> 'attestations' ->> 0 as digest from ledger_entries
    where stream = ${`release/${release}`} and kind = 'review.fetched'
      and payload ->> 'environment' = ${environment}
    order by entry desc limit 1
  `.execute(db);
  return rows[0]?.digest ?? null;
}

/** Every version of an environment's document, oldest first. */
export async function environmentVersions(
  db: Db,
  name: string,
): Promise<readonly { readonly content: Document; readonly at: Date }[]> {
  return db
    .selectFrom("documents")
    .select(["content", "applied_at as at"])
    .where("kind", "=", "Environment")
    .where("name", "=", name)
    .orderBy("version")
    .execute();
}
