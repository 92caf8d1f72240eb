import { digestOf } from "../../model/canonical.ts";
import { releaseId } from "../../model/release.ts";
import { Configuration, configurationDigest } from "../../model/configuration.ts";
import type { Environment, Pipeline } from "../../model/pipeline.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import { laneKey } from "../../model/primitives.ts";
import { TidelockError } from "../../model/errors.ts";
import { wishFor } from "../../strategies/demands.ts";
import {
  newestConfiguration,
  type Registered,
  registeredEnvironment,
  registeredPipeline,
  releaseByVersion,
  releasesByPrefix,
  readRelease,
} from "../../store/queries/catalogue.ts";
import type { Db, ReleaseRow } from "../../store/schema.ts";

/** The registered documents of a lane. Promotions use these, never what a candidate carries. */
export interface LaneDocuments {
  readonly pipeline: Registered<Pipeline>;
  readonly environment: Registered<Environment>;
}

/** Throws `not-found` saying what is not registered and which command registers it. */
export async function laneDocuments(db: Db, lane: Lane): Promise<LaneDocuments> {
  const [pipeline, environment] = await Promise.all([
    registeredPipeline(db, lane.service),
    registeredEnvironment(db, lane.environment),
  ]);
  if (!pipeline) {
    throw new TidelockError("not-found", `no pipeline is registered for ${lane.service}`, {
      fault: "operator",
      where: lane.service,
      hint: "register it: tidelock pipeline apply",
    });
  }
  wishFor(pipeline.document, lane.environment);
  if (!environment) {
    throw new TidelockError("not-found", `no environment ${lane.environment} is registered`, {
      fault: "operator",
      where: lane.environment,
      hint: "apply its `kind: Environment` document: tidelock pipeline apply",
    });
  }
  return { pipeline, environment };
}

/** A release by version, id, or unique prefix of an id of at least 8 hex digits. Throws `not-found`. */
export async function findRelease(db: Db, service: string, reference: string): Promise<ReleaseRow> {
  const byVersion = await releaseByVersion(db, service, reference);
  if (byVersion) return byVersion;
  const byId = reference.startsWith("sha256:") ? await readRelease(db, reference) : undefined;
  if (byId?.service === service) return byId;
  const prefix = reference.replace(/^sha256:/, "");
  if (/^[0-9a-f]{8,64}$/.test(prefix)) {
    const [one, another] = await releasesByPrefix(db, service, prefix);
    if (one && !another) return one;
    if (another) {
      throw new TidelockError(
        "invalid-input",
        `several releases of ${service} begin with ${prefix}`,
        {
          fault: "operator",
          where: reference,
          hint: "give more digits, or the version",
        },
      );
    }
  }
  throw new TidelockError("not-found", `there is no release ${service}@${reference}`, {
    fault: "operator",
    where: reference,
    hint: "see them: tidelock release list",
  });
}

export interface ConfigurationChoice {
  readonly configuration: Configuration;
  readonly digest: Digest;
  /** 0: nobody has set any, and the empty one stands for it. */
  readonly version: number;
}

/** The newest configuration of a lane, or the empty one. */
export async function currentConfiguration(db: Db, lane: Lane): Promise<ConfigurationChoice> {
  const row = await newestConfiguration(db, lane);
  if (row) return { configuration: row.content, digest: row.digest, version: row.version };
  const empty = emptyConfiguration(lane);
  return { configuration: empty, digest: configurationDigest(empty), version: 0 };
}

export function emptyConfiguration(lane: Lane): Configuration {
  const { service, environment } = lane;
  return Configuration.parse({ kind: "Configuration", formatVersion: 1, service, environment });
}

export function nothingThere(lane: Lane): TidelockError {
  return new TidelockError("not-found", `nothing was ever promoted to ${laneKey(lane)}`, {
    fault: "operator",
    where: laneKey(lane),
    hint: `begin with: tidelock promote ${lane.service}@<version> --to ${lane.environment}`,
  });
}

/**
 * What a plan is made from has the digests that the plan will name. Later the log is asked about those; a row that was
 * another only while the plan was made would be met by nobody.
 *
 * @throws TidelockError `digest-mismatch`
 */
export function requireWhole(
  { pipeline, environment }: Readonly<Record<"pipeline" | "environment", Whole>>,
  release: Pick<ReleaseRow, "id" | "content">,
): void {
  const other = [pipeline, environment].find(
    ({ document, digest }) => digestOf(document) !== digest,
  );
  if (other === undefined && releaseId(release.content) === release.id) return;
  const where = other?.digest ?? release.id;
  throw new TidelockError(
    "digest-mismatch",
    "a row that the plan is made from was changed in the database",
    {
      where,
      hint: "nothing was accepted; see `tidelock ledger verify --state`",
    },
  );
}

type Whole = Pick<Registered<Pipeline | Environment>, "digest" | "document">;
