import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const Failed = z.object({
  check_id: z.string(),
  check_name: z.string().nullish(),
  file_path: z.string().default(""),
  file_line_range: z.array(z.number()).nullish(),
  resource: z.string().nullish(),
  severity: z.string().nullish(),
});

const Group = z.object({
  results: z
    .object({
      failed_checks: z.array(Failed).default([]),
      skipped_checks: z.array(Failed).default([]),
      parsing_errors: z.array(z.unknown()).default([]),
    })
    .optional(),
  summary: z.object({ checkov_version: z.string().optional() }).optional(),
  /** A run that had nothing to look at writes the numbers alone. */
  passed: z.number().optional(),
});

const Report = z.union([z.array(Group), Group.transform((one) => [one])]);

const severities: Readonly<Record<string, Severity>> = {
  CRITICAL: "critical",
  HIGH: "high",
  MEDIUM: "medium",
  LOW: "low",
  NONE: "info",
  INFO: "info",
};

/**
 * checkov's JSON: one group, or a list with a group for each framework. What was skipped by a comment is an
 * observation that was suppressed. Without an account checkov states no severity: ours is medium, as for SARIF.
 */
export const checkov: Parser = {
  format: "checkov",
  parse(text) {
    const groups = Report.parse(parseJson(text));
    if (groups.some(({ results, passed }) => results === undefined && passed === undefined)) {
      throw new Error("a part of the report is no result of checkov");
    }
    const unread = groups.reduce(
      (sum, { results }) => sum + (results?.parsing_errors.length ?? 0),
      0,
    );
    const version = groups.find(({ summary }) => summary?.checkov_version)?.summary
      ?.checkov_version;
    return {
      observations: groups.flatMap(({ results }) => [
        ...(results?.failed_checks ?? []).map((one) => observed(one, false)),
        ...(results?.skipped_checks ?? []).map((one) => observed(one, true)),
      ]),
      ...(version === undefined ? {} : { tool: { name: "checkov", version } }),
      complete: unread === 0,
      ...(unread === 0 ? {} : { missing: `${unread} files could not be parsed` }),
    };
  },
};

function observed(one: z.infer<typeof Failed>, suppressed: boolean) {
  const severity = severities[(one.severity ?? "").toUpperCase()];
  return observe({
    rule: one.check_id,
    severity: severity ?? "medium",
    severityStated: severity !== undefined,
    title: one.check_name ?? one.check_id,
    message: `${one.check_name ?? one.check_id} (${one.resource ?? "no resource"})`,
    place: { kind: "file", path: one.file_path, line: one.file_line_range?.[0] },
    suppressed,
  });
}
