import { type RawBuilder, sql } from "kysely";
import type { Digest } from "../../model/primitives.ts";
import {
  entryKindOf,
  findingActsProjection,
  findingImportsProjection,
} from "../projections/findings.ts";
import { recordRows } from "../projections/projection.ts";
import type { FindingActRow, FindingImportRow } from "../schema-findings.ts";
import type { Db } from "../schema.ts";

/**
 * Rows by the thousand under one entry of the ledger: whoever has written all that an import or an act came to seals
 * it in the same transaction, and `verify --state` computes the same digests anew.
 *
 * A line is the text of a JSON array; a digest is SHA-256 over the SHA-256 of each thousand lines, so that a batch of
 * any size fits. Lines have an order that follows from the rows alone.
 */

/** What a batch writes, and which of its columns are sealed: all that may open a gate or change a figure. */
const sealed = {
  /** `at` as microseconds: the time zone of a connection changes how times are written. */
  changes: sql`
    select coalesce(c.import, c.act) as batch, c.import is null as of_act, jsonb_build_array(
      c.id, c.finding, c.kind, c.from_status, c.to_status, c.detail,
      trunc(extract(epoch from c.at) * 1000000), f.service, f.environment, f.kind
    ) as line, row_number() over (partition by c.import, c.act order by c.id) - 1 as n
    from finding_changes c join findings f on f.id = c.finding`,
  observations: sql`
    select o.import as batch, jsonb_build_array(o.ordinal, o.finding, o.severity) as line,
      row_number() over (partition by o.import order by o.ordinal) - 1 as n
    from observations o`,
  /** One that a later import gave to another finding is on record there, as it was. */
  fingerprints: sql`
    select p.import as batch,
      jsonb_build_array(p.service, p.algorithm, p.value, p.finding) as line,
      row_number() over (
        partition by p.import order by p.algorithm collate "C", p.value collate "C"
      ) - 1 as n
    from (
      select import, service, algorithm, value, finding from finding_fingerprints
      union all
      select c.detail ->> 'import', f.service, c.detail ->> 'algorithm', c.detail ->> 'value',
        (c.detail ->> 'finding')::bigint
      from finding_changes c join findings f on f.id = c.finding
      where c.kind = 'fingerprint-moved'
    ) p`,
  claims: sql`
    select m.import as batch,
      jsonb_build_array(m.ordinal, m.finding, m.status, m.content, m.trusted) as line,
      row_number() over (partition by m.import order by m.ordinal) - 1 as n
    from finding_claims m`,
} as const;
export type Sealed = keyof typeof sealed;

/** Of a batch that wrote none. */
export const nothingSealed: Digest = `sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`;

/** `batch`, `digest` of each batch that wrote any of them and fits `where`. */
export function sealedDigests(
  what: Sealed,
  where: RawBuilder<unknown>,
): RawBuilder<{ batch: string; digest: string }> {
  return sql<{ batch: string; digest: string }>`
    select batch, 'sha256:' || encode(sha256(string_agg(hash, ''::bytea order by chunk)), 'hex')
      as digest
    from (
      select batch, n / 1000 as chunk,
        sha256(convert_to(string_agg(line::text, E'\n' order by n), 'UTF8')) as hash
      from (${sealed[what]} where ${where}) as lines group by 1, 2
    ) as chunks group by batch`;
}

async function digest(tx: Db, what: Sealed, where: RawBuilder<unknown>): Promise<Digest> {
  const { rows } = await sealedDigests(what, where).execute(tx);
  return (rows[0]?.digest as Digest | undefined) ?? nothingSealed;
}

/**
 * The last thing that an import does in its transaction: nothing of it may be written after this. Everything that it
 * wrote names it: observations, fingerprints, claims, and every change of a finding's standing.
 */
export async function sealImport(tx: Db, id: string): Promise<FindingImportRow> {
  const row = await tx
    .updateTable("finding_imports")
    .set({
      changes_digest: await digest(tx, "changes", sql`c.import = ${id}`),
      observations_digest: await digest(tx, "observations", sql`o.import = ${id}`),
      fingerprints_digest: await digest(tx, "fingerprints", sql`p.import = ${id}`),
      claims_digest: await digest(tx, "claims", sql`m.import = ${id}`),
    })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, findingImportsProjection, [row], { actor: row.added_by });
  return row;
}

/** The same for an act, after its changes. */
export async function sealAct(tx: Db, id: string): Promise<FindingActRow> {
  const row = await tx
    .updateTable("finding_acts")
    .set({ changes_digest: await digest(tx, "changes", sql`c.act = ${id}`) })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, findingActsProjection, [row], {
    kind: entryKindOf(row),
    actor: row.acted_by,
  });
  return row;
}
