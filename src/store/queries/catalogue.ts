import { sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import { type Configuration, configurationDigest } from "../../model/configuration.ts";
import type { Document, Environment, Pipeline } from "../../model/pipeline.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import type { Release } from "../../model/release.ts";
import {
  configurationsProjection,
  documentsProjection,
  releasesProjection,
} from "../projections/catalogue.ts";
import { recordRows } from "../projections/projection.ts";
import type { ConfigurationRow, Db, DocumentRow, ReleaseRow } from "../schema.ts";
import { readPage } from "./page.ts";

/** Registered documents, releases and configurations: what a promotion is made from. */

export interface Registered<D> {
  readonly digest: Digest;
  readonly version: number;
  readonly document: D;
}

/** The newest version of every registered document that was not removed. */
export async function registeredDocuments(
  db: Db,
  kind: "Pipeline" | "Environment",
): Promise<readonly DocumentRow[]> {
  const { rows } = await sql<DocumentRow>`
    select * from (
      select distinct on (name) * from documents where kind = ${kind} order by name, version desc
    ) newest
    where removed_at is null order by name
  `.execute(db);
  return rows;
}

export async function registeredPipeline(
  db: Db,
  service: string,
): Promise<Registered<Pipeline> | undefined> {
  return newest<Pipeline>(db, "Pipeline", service);
}

export async function registeredEnvironment(
  db: Db,
  name: string,
): Promise<Registered<Environment> | undefined> {
  return newest<Environment>(db, "Environment", name);
}

async function newest<D extends Document>(
  db: Db,
  kind: D["kind"],
  name: string,
): Promise<Registered<D> | undefined> {
  const row = await db
    .selectFrom("documents")
    .selectAll()
    .where("kind", "=", kind)
    .where("name", "=", name)
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  if (!row || row.removed_at) return undefined;
  return { digest: row.digest, version: row.version, document: row.content as D };
}

/** A document as it was when a plan was frozen. */
export async function documentByDigest<D extends Document>(
  db: Db,
  kind: D["kind"],
  digest: Digest,
): Promise<D | undefined> {
  const row = await db
    .selectFrom("documents")
    .select("content")
    .where("kind", "=", kind)
    .where("digest", "=", digest)
    .limit(1)
    .executeTakeFirst();
  return row?.content as D | undefined;
}

/** Writes a new version, and its record, unless the newest one is the same; null when nothing changed. */
export async function registerDocument(
  tx: Db,
  entry: { document: Document; digest: Digest; file: string; actor: string },
): Promise<DocumentRow | null> {
  const { kind, metadata } = entry.document;
  const before = await tx
    .selectFrom("documents")
    .select(["version", "digest", "removed_at"])
    .where("kind", "=", kind)
    .where("name", "=", metadata.name)
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  if (before && before.digest === entry.digest && !before.removed_at) return null;
  const row = await tx
    .insertInto("documents")
    .values({
      kind,
      name: metadata.name,
      version: (before?.version ?? 0) + 1,
      digest: entry.digest,
      content: JSON.stringify(entry.document),
      file: entry.file,
      applied_by: entry.actor,
      changes: 1,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, documentsProjection, [row], { actor: entry.actor });
  return row;
}

export async function removePipeline(tx: Db, service: string, actor: string): Promise<void> {
  const removed = await tx
    .updateTable("documents")
    .set({ removed_at: sql<Date>`clock_timestamp()`, changes: sql<number>`changes + 1` })
    .where("kind", "=", "Pipeline")
    .where("name", "=", service)
    .where("removed_at", "is", null)
    .returningAll()
    .execute();
  await recordRows(tx, documentsProjection, removed, { kind: "document.removed", actor });
}

export async function readRelease(db: Db, id: Digest): Promise<ReleaseRow | undefined> {
  return db.selectFrom("releases").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Artifacts of what is live, stands ready to take the traffic back, or is in an open promotion; anywhere. */
export async function artifactsInUse(db: Db): Promise<readonly Digest[]> {
  const { rows } = await sql<{ digest: Digest }>`
    select distinct artifact ->> 'digest' as digest
    from releases, jsonb_array_elements(content -> 'artifacts') as artifact
    where id in (
      select live_release from lanes where live_release is not null
      union select old_release from lanes where old_release is not null
      union select release from promotions where state in ('queued', 'running')
    )
    order by digest
  `.execute(db);
  return rows.map(({ digest }) => digest);
}

export async function releaseByVersion(
  db: Db,
  service: string,
  version: string,
): Promise<ReleaseRow | undefined> {
  return db
    .selectFrom("releases")
    .selectAll()
    .where("service", "=", service)
    .where("version", "=", version)
    .executeTakeFirst();
}

/** Releases of a service whose id starts with `sha256:<prefix>`; two are enough to know it is not unique. */
export async function releasesByPrefix(
  db: Db,
  service: string,
  prefix: string,
): Promise<readonly ReleaseRow[]> {
  return db
    .selectFrom("releases")
    .selectAll()
    .where("service", "=", service)
    .where("id", "like", `sha256:${prefix}%`)
    .limit(2)
    .execute();
}

const releases = {
  table: "releases",
  id: "id",
  order: ["created_at", "id"],
  service: "service",
  environment: null,
} as const;

/** Newest first. */
export async function listReleases(
  db: Db,
  filter: { service?: string } & Page,
): Promise<readonly ReleaseRow[]> {
  let query = db.selectFrom("releases").selectAll();
  if (filter.service !== undefined) query = query.where("service", "=", filter.service);
  return readPage(db, query, releases, filter);
}

/** Inserts the release, its record and its commits; false when version or id was taken meanwhile. */
export async function insertRelease(
  tx: Db,
  release: Release,
  id: Digest,
  actor: string,
): Promise<boolean> {
  const inserted = await tx
    .insertInto("releases")
    .values({
      id,
      service: release.service,
      version: release.version,
      content: JSON.stringify(release),
      created_by: actor,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!inserted) return false;
  await recordRows(tx, releasesProjection, [inserted], { actor, more: originOf(release) });
  if (release.source.kind === "git" && release.source.commits.length > 0) {
    const commits = release.source.commits.map((commit, position) => ({
      release: id,
      revision: commit.revision,
      position,
      subject: commit.subject,
      author: commit.author.name,
      at: commit.at,
    }));
    // PostgreSQL takes 65,535 parameters a statement; six a row.
    for (let start = 0; start < commits.length; start += 5_000) {
      await tx
        .insertInto("release_commits")
        .values(commits.slice(start, start + 5_000))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  }
  return true;
}

/** What a release is made of, for whoever reads the log. */
function originOf({ artifacts, source }: Release): Record<string, unknown> {
  return {
    artifacts: artifacts.map(({ name, digest, size }) => ({ name, digest, size })),
    revision: source.kind === "git" ? source.revision : null,
    dirty: source.kind === "git" && source.dirty,
  };
}

export async function newestConfiguration(
  db: Db,
  lane: Lane,
): Promise<ConfigurationRow | undefined> {
  return configurations(db, lane).orderBy("version", "desc").limit(1).executeTakeFirst();
}

export async function configurationByVersion(
  db: Db,
  lane: Lane,
  version: number,
): Promise<ConfigurationRow | undefined> {
  return configurations(db, lane).where("version", "=", version).executeTakeFirst();
}

export async function configurationByDigest(
  db: Db,
  lane: Lane,
  digest: Digest,
): Promise<ConfigurationRow | undefined> {
  return configurations(db, lane)
    .where("digest", "=", digest)
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
}

function configurations(db: Db, lane: Lane) {
  return db
    .selectFrom("configurations")
    .selectAll()
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment);
}

/** Writes a new version, and its record, unless the newest one is the same. The caller holds the lane's row. */
export async function insertConfiguration(
  tx: Db,
  configuration: Configuration,
  actor: string,
): Promise<{ row: ConfigurationRow; changed: boolean }> {
  const digest = configurationDigest(configuration);
  const before = await newestConfiguration(tx, configuration);
  if (before?.digest === digest) return { row: before, changed: false };
  const row = await tx
    .insertInto("configurations")
    .values({
      service: configuration.service,
      environment: configuration.environment,
      version: (before?.version ?? 0) + 1,
      digest,
      content: JSON.stringify(configuration),
      created_by: actor,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, configurationsProjection, [row], { actor });
  return { row, changed: true };
}
