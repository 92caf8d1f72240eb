import { digestOf } from "../../model/canonical.ts";
import type { FindingActRow, FindingImportRow } from "../schema-findings.ts";
import { type Author, paged, type Projection, time } from "./projection.ts";

/**
 * One entry an import and one an act. All that they wrote beside (observations, fingerprints, claims, changes) is
 * named by digest, so that a report of 100,000 results costs one entry; what a finding is follows from the changes.
 */

export const findingImportsProjection: Projection<FindingImportRow> = {
  table: "finding_imports",
  kinds: ["finding.imported"],
  key: ({ id }) => `finding-import/${id}`,
  changes: () => null,
  counted: false,
  columns: ({ added_by: _by, at, made_at, report_bytes, missing, ...row }) => ({
    ...row,
    report_bytes: Number(report_bytes),
    // It quotes the report, which may be long.
    missing: missing === "" ? null : digestOf(missing),
    made_at: time(made_at),
    at: time(at),
  }),
  authors: (row) => [
    author(findingImportsProjection.key(row), "finding.imported", "added_by", row.added_by),
  ],
  stream: ({ service }) => `findings/${service}`,
  rows: (db) =>
    paged(
      (after: string | null, limit) =>
        db
          .selectFrom("finding_imports")
          .selectAll()
          .where("id", ">", after ?? "")
          .orderBy("id")
          .limit(limit)
          .execute(),
      ({ id }) => id,
    ),
};

/** Kinds of acts that are nobody's word. */
export const settledKinds: ReadonlySet<string> = new Set(["went-live", "expired"]);

export const findingActsProjection: Projection<FindingActRow> = {
  table: "finding_acts",
  kinds: ["finding.acted", "finding.settled"],
  key: ({ id }) => `finding-act/${id}`,
  changes: () => null,
  counted: false,
  columns: ({ id, finding, service, kind, content, confirms, changes_digest, at }) => ({
    id,
    finding,
    service,
    kind,
    content: digestOf(content),
    confirms,
    changes_digest,
    at: time(at),
  }),
  authors: (row) => [
    author(findingActsProjection.key(row), entryKindOf(row), "acted_by", row.acted_by),
  ],
  stream: ({ service }) => `findings/${service}`,
  rows: (db) =>
    paged(
      (after: string | null, limit) =>
        db
          .selectFrom("finding_acts")
          .selectAll()
          .where("id", ">", after ?? "")
          .orderBy("id")
          .limit(limit)
          .execute(),
      ({ id }) => id,
    ),
};

export function entryKindOf({ kind }: Pick<FindingActRow, "kind">): string {
  return settledKinds.has(kind) ? "finding.settled" : "finding.acted";
}

function author(operation: string, kind: string, column: string, who: string): Author {
  return { column, who, operation, kind };
}
