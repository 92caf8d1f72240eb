import type { ReleaseChangesView } from "../../api/views/change.ts";
import type { Configuration } from "../../model/configuration.ts";
import type { Pipeline } from "../../model/pipeline.ts";
import {
  configurationByDigest,
  newestConfiguration,
  registeredPipeline,
} from "../../store/queries/catalogue.ts";
import { readLane } from "../../store/queries/lanes.ts";
import type { Db, PromotionRow, ReleaseRow } from "../../store/schema.ts";

/** The change log of one release (S2-89): made from records, never written by hand. */
export async function changesView(db: Db, release: ReleaseRow): Promise<ReleaseChangesView> {
  const pipeline = await registeredPipeline(db, release.service);
  return {
    service: release.service,
    version: release.version,
    id: release.id,
    createdAt: release.created_at.toISOString(),
    createdBy: release.created_by,
    source: release.content.source,
    configuration: await configurationChanges(db, release.service, pipeline?.document),
    promotions: await promotionsOf(db, release),
  };
}

async function configurationChanges(
  db: Db,
  service: string,
  pipeline: Pipeline | undefined,
): Promise<ReleaseChangesView["configuration"]> {
  return Promise.all(
    (pipeline?.spec.environments ?? []).map(async ({ name: environment }) => {
      const lane = { service, environment };
      const [row, newest] = await Promise.all([readLane(db, lane), newestConfiguration(db, lane)]);
      const digest = row?.live_configuration;
      const live = digest ? await configurationByDigest(db, lane, digest) : undefined;
      const [before, after] = [keysOf(live?.content), keysOf(newest?.content)];
      return {
        environment,
        live: live?.version ?? 0,
        newest: newest?.version ?? 0,
        added: [...after.keys()].filter((key) => !before.has(key)),
        removed: [...before.keys()].filter((key) => !after.has(key)),
        changed: [...after].flatMap(([key, value]) =>
          before.has(key) && before.get(key) !== value ? [key] : [],
        ),
      };
    }),
  );
}

/** Names of keys to what stands there; of a secret, where it is found. Only the names leave this file. */
function keysOf(configuration: Configuration | undefined): ReadonlyMap<string, string> {
  const { values = {}, secrets = {}, isolated, delivery = "files" } = configuration ?? {};
  return new Map([
    ...Object.entries(values),
    ...Object.entries(secrets).map(([key, reference]) => [key, JSON.stringify(reference)] as const),
    ...Object.entries(isolated?.values ?? {}).map(
      ([key, value]) => [`isolated ${key}`, value] as const,
    ),
    ...Object.entries(isolated?.secrets ?? {}).map(
      ([key, reference]) => [`isolated ${key}`, JSON.stringify(reference)] as const,
    ),
    ...(delivery === "files" ? [] : [["delivery", delivery] as const]),
  ]);
}

async function promotionsOf(
  db: Db,
  release: ReleaseRow,
): Promise<ReleaseChangesView["promotions"]> {
  const rows = await db
    .selectFrom("promotions")
    .selectAll()
    .where("release", "=", release.id)
    .orderBy("sequence")
    .execute();
  return Promise.all(rows.map((row) => promotionChange(db, row)));
}

async function promotionChange(
  db: Db,
  row: PromotionRow,
): Promise<ReleaseChangesView["promotions"][number]> {
  const [runs, decisions] = await Promise.all([
    db
      .selectFrom("check_runs")
      .selectAll()
      .where("promotion", "=", row.id)
      .orderBy("started_at")
      .execute(),
    db
      .selectFrom("decisions")
      .selectAll()
      .where("promotion", "=", row.id)
      .orderBy("step")
      .execute(),
  ]);
  return {
    id: row.id,
    kind: row.kind,
    environment: row.environment,
    state: row.state,
    by: row.created_by,
    at: row.created_at.toISOString(),
    message: row.message,
    checks: runs.map(({ name, report }) => ({
      name,
      verdict: report?.verdict ?? null,
      summary: report?.summary ?? "",
    })),
    decisions: decisions.map(({ step, at, decision }) => ({
      step,
      at: at.toISOString(),
      decision,
    })),
  };
}
