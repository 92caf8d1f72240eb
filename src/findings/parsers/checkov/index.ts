import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cvssOf, type Draft, quoted, severityOfWord } from "../../observe.ts";
import {
  fieldsOf,
  type Format,
  isRecord,
  type ItemPath,
  type Sample,
  valuesOf,
} from "../format.ts";

const Failed = z.object({
  check_id: z.string(),
  check_name: z.string().nullish(),
  file_path: z.string().default(""),
  file_line_range: z.array(z.number()).nullish(),
  resource: z.string().nullish(),
  severity: z.string().nullish(),
  guideline: z.string().nullish().catch(undefined),
  code_block: z
    .array(z.tuple([z.number(), z.string()]))
    .nullish()
    .catch(undefined),
  /** Of a package rather than of a file. */
  vulnerability_details: z
    .object({
      id: z.string(),
      package_name: z.string(),
      package_version: z.string().default(""),
      lowest_fixed_version: z.string().nullish(),
      cvss: z.number().nullish(),
      vector: z.string().nullish(),
      link: z.string().nullish(),
    })
    .nullish()
    .catch(undefined),
});
type Failed = z.infer<typeof Failed>;

const Group = z.object({
  check_type: z.string().optional().catch(undefined),
  results: z
    .object({
      failed_checks: z.tuple([]).default([]),
      skipped_checks: z.tuple([]).default([]),
      parsing_errors: z.array(z.unknown()).default([]),
    })
    .optional(),
  summary: z.object({ checkov_version: z.string().optional() }).optional(),
  checkov_version: z.string().optional(),
  /** A run that had nothing to look at writes the numbers alone. */
  passed: z.number().optional(),
});

const Frame = z.union([z.array(Group), Group.transform((one) => [one])]);

const severities: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  medium: "medium",
  low: "low",
  none: "info",
  info: "info",
};

/** One group, or a list of them; what passed is no hit, and is not kept. */
const items: readonly ItemPath[] = [[], ["*"]].flatMap((before) =>
  ["failed_checks", "skipped_checks", "passed_checks"].map((list) => ({
    path: [...before, "results", list, "*"],
  })),
);

/**
 * checkov's JSON: one group, or a list with a group for each framework. What was skipped by a comment is an
 * observation that was suppressed. Without an account checkov states no severity: ours is medium, as for SARIF.
 */
export const checkov: Format = {
  id: "checkov",
  title: "Checkov (JSON)",
  syntax: "json",
  items,
  recognise: (sample) => groupsIn(sample).some(isGroup),
  open(frame) {
    const groups = Frame.parse(frame);
    if (groups.some(({ results, passed }) => results === undefined && passed === undefined)) {
      throw new Error("a part of the report is no result of checkov");
    }
    const unread = groups.reduce(
      (sum, { results }) => sum + (results?.parsing_errors.length ?? 0),
      0,
    );
    const version = groups
      .map((group) => group.summary?.checkov_version ?? group.checkov_version)
      .find((one) => one !== undefined);
    // What one framework found is not gone because another one was asked.
    const subject = [...new Set(groups.flatMap((group) => group.check_type ?? []))].toSorted();
    return {
      item(value, { item }) {
        const list = item % 3;
        return list === 2 ? [] : [hitOf(Failed.parse(value), list === 1)];
      },
      end: () => ({
        ...(version === undefined ? {} : { tool: { name: "checkov", version } }),
        ...(subject.length === 0 ? {} : { subject: subject.join(", ") }),
        complete: unread === 0,
        ...(unread === 0 ? {} : { missing: `${unread} files could not be parsed` }),
      }),
    };
  },
};

function groupsIn(sample: Sample): readonly unknown[] {
  return sample.syntax === "json" ? (valuesOf(sample) ?? [fieldsOf(sample)]) : [];
}

function isGroup(group: unknown): boolean {
  if (!isRecord(group)) return false;
  if ("checkov_version" in group && "passed" in group) return true;
  const { results } = group;
  return "check_type" in group && isRecord(results) && "failed_checks" in results;
}

function hitOf(one: Failed, suppressed: boolean): Draft {
  const name = one.check_name ?? one.check_id;
  const details = one.vulnerability_details;
  const stated = one.severity !== null && one.severity !== undefined && one.severity !== "";
  const code = one.code_block?.map(([, line]) => line).join("");
  return {
    rule: details?.id ?? one.check_id,
    kind: details ? "dependency" : "infrastructure",
    severity: stated ? severityOfWord(severities, one.severity) : "medium",
    severityStated: stated,
    title: name,
    message: `${name} (${one.resource ?? "no resource"})`,
    place: details
      ? {
          kind: "package",
          name: details.package_name,
          version: details.package_version,
          path: one.file_path,
        }
      : { kind: "file", path: one.file_path, line: one.file_line_range?.[0] },
    suppressed,
    scope: one.resource ?? undefined,
    references: [one.guideline ?? "", details?.link ?? ""],
    ...(details
      ? {
          aliases: [details.id],
          fixedIn: details.lowest_fixed_version ?? undefined,
          cvss: cvssOf(details.cvss, details.vector),
        }
      : quoted(code, { secret: one.check_id.startsWith("CKV_SECRET") })),
  };
}
