import type { ImportView } from "../../../api/views/finding.ts";
import { readRelease } from "../../../store/queries/catalogue.ts";
import type { Db } from "../../../store/schema.ts";
import type { FindingImportRow } from "../../../store/schema-findings.ts";

/** Releases by id, each read once. */
export function releaseNames(db: Db) {
  const known = new Map<string, string | null>();
  return async (id: string | null) => {
    if (id === null) return null;
    if (!known.has(id)) known.set(id, (await readRelease(db, id))?.version ?? null);
    return { id, version: known.get(id) ?? null };
  };
}

export async function importView(
  db: Db,
  row: FindingImportRow,
  named = releaseNames(db),
): Promise<ImportView> {
  return {
    id: row.id,
    service: row.service,
    environment: row.environment,
    release: await named(row.release),
    format: row.format,
    tool: { name: row.tool, version: row.tool_version },
    subject: row.subject,
    trust: row.trust,
    vouchedBy: row.vouched_by,
    report: { digest: row.report_digest, bytes: Number(row.report_bytes) },
    complete: row.complete,
    missing: row.missing,
    observations: row.observations,
    opened: row.opened,
    reopened: row.reopened,
    matched: row.matched,
    unseen: row.unseen,
    claims: row.claims,
    notes: [...row.notes],
    at: row.at.toISOString(),
    by: row.added_by,
  };
}
