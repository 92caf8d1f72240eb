import type { PolicyView } from "../../api/routes/policy.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Document, Environment, Pipeline } from "../../model/pipeline.ts";
import { demandDigest } from "../../policy/evidence.ts";
import { applyFloor } from "../../policy/floor.ts";
import { policyDiff } from "../../policy/policy-diff.ts";
import {
  demandedBefore,
  environmentPolicy,
  lanePolicy,
  policyDigest,
} from "../../policy/policy-of.ts";
import { registeredDocuments } from "../../store/queries/catalogue.ts";
import type { Db, DocumentRow } from "../../store/schema.ts";
import { governanceMode } from "./governance.ts";

type Service = PolicyView["services"][number];

/** More versions than this are in the ledger and nowhere on a screen. */
const shownVersions = 50;

/** What each environment demands now, of whom, by whom, and how it came to that. */
export async function showPolicy(
  db: Db,
  environment: string | null,
): Promise<readonly PolicyView[]> {
  const environments = await registeredDocuments(db, "Environment");
  const pipelines = await registeredDocuments(db, "Pipeline");
  const shown = environments.filter(({ name }) => environment === null || name === environment);
  if (environment !== null && shown.length === 0) {
    const known = environments.map(({ name }) => name).join(", ");
    throw new TidelockError("not-found", `there is no environment ${environment} here`, {
      fault: "operator",
      where: environment,
      hint: known === "" ? "apply one: tidelock pipeline apply" : `there are: ${known}`,
    });
  }
  const governance = await governanceMode(db);
  return Promise.all(
    shown.map(async (row) => {
      const owners = row.content as Environment;
      const here = pipelines.filter(({ content }) =>
        (content as Pipeline).spec.environments.some(({ name }) => name === row.name),
      );
      return {
        environment: row.name,
        version: row.version,
        document: row.digest,
        by: row.applied_by,
        at: row.applied_at.toISOString(),
        governance,
        policy: environmentPolicy(owners),
        services: here.map((pipeline) => serviceIn(pipeline, owners)),
        history: await historyOf(
          db,
          row.name,
          here.map(({ name }) => name),
        ),
      };
    }),
  );
}

function serviceIn(row: DocumentRow, owners: Environment): Service {
  const pipeline = row.content as Pipeline;
  const { name } = owners.metadata;
  const lane = pipeline.spec.environments.find((one) => one.name === name);
  if (!lane) throw new Error(`${row.name} does not go to ${name}`);
  const { floor } = owners.spec;
  const { gate, minimumIsolation, soakMs, checks } = applyFloor(lane, floor);
  const fromFloor = new Set(floor.checks.map((check) => check.name));
  const rules = (list: typeof lane.rules, from: "floor" | "pipeline") =>
    (list ?? []).map((rule) => ({ name: rule.name, require: rule.require, from }));
  return {
    service: row.name,
    pipeline: row.digest,
    version: row.version,
    by: row.applied_by,
    at: row.applied_at.toISOString(),
    digest: policyDigest(pipeline, owners),
    gate,
    isolation: minimumIsolation,
    soakMs,
    after: [...demandedBefore(pipeline, owners)],
    checks: checks.map((check) => ({
      name: check.name,
      uses: check.uses,
      phase: check.phase,
      from: fromFloor.has(check.name) ? "floor" : "pipeline",
      demand: demandDigest(check),
    })),
    rules: [...rules(floor.rules, "floor"), ...rules(lane.rules, "pipeline")],
  };
}

async function historyOf(
  db: Db,
  environment: string,
  services: readonly string[],
): Promise<PolicyView["history"]> {
  const rows = await db
    .selectFrom("documents")
    .selectAll()
    .where((where) =>
      where.or([
        where.and([where("kind", "=", "Environment"), where("name", "=", environment)]),
        ...(services.length === 0
          ? []
          : [where.and([where("kind", "=", "Pipeline"), where("name", "in", [...services])])]),
      ]),
    )
    .orderBy("applied_at", "desc")
    .orderBy("version", "desc")
    .limit(shownVersions + 1)
    .execute();
  return rows.slice(0, shownVersions).map((row) => {
    const before = rows.find(
      (one) => one.kind === row.kind && one.name === row.name && one.version === row.version - 1,
    );
    return {
      kind: row.kind,
      name: row.name,
      version: row.version,
      document: row.digest,
      by: row.applied_by,
      at: row.applied_at.toISOString(),
      removedAt: row.removed_at?.toISOString() ?? null,
      changes: [...changesIn(environment, before?.content ?? null, row.content)],
    };
  });
}

function changesIn(environment: string, before: Document | null, after: Document) {
  const part = (document: Document | null) =>
    document === null
      ? null
      : document.kind === "Environment"
        ? environmentPolicy(document)
        : lanePolicy(document, environment);
  return policyDiff(after.metadata.name, part(before), part(after));
}
