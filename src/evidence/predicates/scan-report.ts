import { z } from "zod";
import { Digest, Name } from "../../model/primitives.ts";
import { checkShape } from "../read-json.ts";
import { bad, good, type Result } from "../result.ts";
import { makeStatement, type Statement, subjectDigests } from "../statement.ts";
import type { PredicateKind } from "./predicate.ts";

/**
 * Somebody vouches for a scanner's report: that these bytes are what that tool said of this release there and then.
 * No standard predicate binds a report of any format by its digest (vulns/v0.2 repeats the results instead), so
 * this is ours. Its subject is the release, by its id or by every artifact of it.
 */
export const ScanReport = z.strictObject({
  /** SHA-256 of the report's bytes. */
  report: Digest,
  service: Name,
  /** Null: it is not about one environment, but about what is released. */
  environment: Name.nullable(),
  /** As the report names it. */
  tool: z.string().min(1).max(128),
  /** `--format` and `--scan` of the import; null where they are left to the report's content. */
  format: z.string().max(64).nullable().default(null),
  scan: z.string().max(1_024).nullable().default(null),
  /** False when the scan left something out, whatever its report says. */
  complete: z.boolean(),
  /** When the scan was made. Of two reports of one scan the later one counts. */
  madeAt: z.iso.datetime({ offset: true }),
});
export type ScanReport = z.infer<typeof ScanReport>;

export const scanReport = {
  type: "https://tidelock.dev/predicate/scan-report/v1",
  schema: ScanReport,
} as const satisfies PredicateKind<typeof ScanReport>;

/** The statement that whoever made the report signs. */
export function scanReportStatement(
  release: { readonly name: string; readonly id: Digest },
  about: z.input<typeof ScanReport>,
): Statement {
  const predicate = ScanReport.parse(about);
  return makeStatement([{ name: release.name, digest: release.id }], scanReport.type, predicate);
}

/** What an import is: every part of it has to be what was signed. */
export interface ImportedReport {
  readonly digest: Digest;
  readonly service: string;
  readonly environment: string | null;
  readonly release: { readonly id: Digest; readonly artifacts: readonly Digest[] };
  readonly tool: string;
  readonly format: string | null;
  readonly scan: string | null;
}

/** How far a producer's clock may be ahead of the database's. */
const skewMs = 5 * 60_000;

/** What a statement whose signature holds says of exactly this import; else every difference, in a sentence. */
export function readScanReport(
  statement: Statement,
  imported: ImportedReport,
  now: Date,
): Result<ScanReport> {
  if (statement.predicateType !== scanReport.type)
    return bad(`it states ${statement.predicateType}`);
  const predicate = checkShape(statement.predicate, ScanReport, "the predicate");
  if (!predicate.ok) return predicate;
  const said = predicate.value;
  const differences = [
    ...difference("report", said.report, imported.digest),
    ...difference("service", said.service, imported.service),
    ...difference("environment", said.environment, imported.environment),
    ...difference("tool", said.tool.toLowerCase(), imported.tool.toLowerCase()),
    ...difference("format", said.format, imported.format),
    ...difference("scan", said.scan, imported.scan),
  ];
  if (differences.length > 0)
    return bad(`it was signed for something else: ${differences.join("; ")}`);
  const subjects = subjectDigests(statement);
  const { id, artifacts } = imported.release;
  const covered =
    subjects.includes(id) ||
    (artifacts.length > 0 && artifacts.every((digest) => subjects.includes(digest)));
  if (!covered) return bad(`its subjects are neither the release ${id} nor all of its artifacts`);
  if (Date.parse(said.madeAt) > now.getTime() + skewMs) {
    return bad(`it says that the scan was made in the future (${said.madeAt})`);
  }
  return good(said);
}

function difference(field: string, said: string | null, is: string | null): readonly string[] {
  return said === is ? [] : [`${field} is ${said ?? "none"} and not ${is ?? "none"}`];
}
