import { createHash } from "node:crypto";
import { digestOf } from "../../model/canonical.ts";
import { configurationDigest } from "../../model/configuration.ts";
import { releaseId } from "../../model/release.ts";
import type { Selectable } from "kysely";
import type { ConfigurationRow, DocumentRow, ReleaseRow, Schema } from "../schema.ts";
import { authorOf, type Projection } from "./projection.ts";

/** What a promotion is made from. Contents stand in their tables; the log holds their digests. */

/** Pipelines and environments: the policy. */
export const documentsProjection: Projection<DocumentRow> = {
  table: "documents",
  kinds: ["document.registered", "document.removed"],
  key: ({ kind, name, version }) => `document/${kind}/${name}/${version}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    kind: row.kind,
    name: row.name,
    version: row.version,
    digest: row.digest,
    content: digestOf(row.content),
    removed: row.removed_at !== null,
  }),
  authors: (row) => [authorOf(documentsProjection, row, "applied_by", row.applied_by)],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("documents").selectAll().execute();
  },
};

export const releasesProjection: Projection<ReleaseRow> = {
  table: "releases",
  kinds: ["release.created"],
  key: ({ id }) => `release/${id}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    id: row.id,
    content: releaseId(row.content),
    service: row.service,
    version: row.version,
  }),
  authors: (row) => [authorOf(releasesProjection, row, "created_by", row.created_by)],
  stream: ({ id }) => `release/${id}`,
  async *rows(db) {
    yield* await db.selectFrom("releases").selectAll().execute();
  },
};

/** Names of keys only: values stay in their own table. */
export const configurationsProjection: Projection<ConfigurationRow> = {
  table: "configurations",
  kinds: ["configuration.applied"],
  key: (row) => `configuration/${row.service}/${row.environment}/${row.version}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    service: row.service,
    environment: row.environment,
    version: row.version,
    digest: row.digest,
    content: configurationDigest(row.content),
    values: Object.keys(row.content.values).sort(),
    secrets: Object.keys(row.content.secrets).sort(),
  }),
  authors: (row) => [authorOf(configurationsProjection, row, "created_by", row.created_by)],
  stream: ({ service, environment }) => `${service}/${environment}`,
  async *rows(db) {
    yield* await db.selectFrom("configurations").selectAll().execute();
  },
};

type SecretRow = Selectable<Schema["secrets"]>;

/** The digest of the ciphertext: it tells nothing, and another ciphertext is noticed. */
export const secretsProjection: Projection<SecretRow> = {
  table: "secrets",
  kinds: ["secret.put"],
  key: (row) => `secret/${row.service}/${row.environment}/${row.name}/${row.version}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    service: row.service,
    environment: row.environment,
    name: row.name,
    version: row.version,
    keyId: row.key_id,
    sealed: `sha256:${createHash("sha256").update(row.sealed).digest("hex")}`,
  }),
  authors: (row) => [authorOf(secretsProjection, row, "created_by", row.created_by)],
  stream: ({ service, environment }) => `${service}/${environment}`,
  async *rows(db) {
    yield* await db.selectFrom("secrets").selectAll().execute();
  },
};
