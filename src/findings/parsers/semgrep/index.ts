import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cweIn, observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]).catch([]);

const Report = z.object({
  version: z.string().optional(),
  results: z.array(
    z.object({
      check_id: z.string(),
      path: z.string(),
      start: z.object({ line: z.number().optional() }).default({}),
      extra: z.object({
        message: z.string().default(""),
        severity: z.string().default(""),
        fingerprint: z.string().optional(),
        is_ignored: z.boolean().nullish(),
        metadata: z
          .looseObject({ cwe: texts, impact: z.string().optional().catch(undefined) })
          .nullish(),
      }),
    }),
  ),
  errors: z
    .array(z.looseObject({ message: z.string().default("an error"), level: z.string().optional() }))
    .default([]),
  paths: z.object({ scanned: z.array(z.string()).nullish() }).nullish(),
});

/** Old and new words of semgrep's for the same. */
const severities: Readonly<Record<string, Severity>> = {
  CRITICAL: "critical",
  ERROR: "high",
  HIGH: "high",
  WARNING: "medium",
  MEDIUM: "medium",
  INFO: "low",
  LOW: "low",
  INVENTORY: "info",
  EXPERIMENT: "info",
};

/** `semgrep --json`. Errors of any level but a warning mean that something was not looked at. */
export const semgrep: Parser = {
  format: "semgrep",
  parse(text) {
    const report = Report.parse(parseJson(text));
    const bad = report.errors[0];
    const files = report.paths?.scanned?.length ?? 0;
    return {
      observations: report.results.map(({ check_id, path, start, extra }) => {
        const severity = severities[extra.severity.toUpperCase()];
        // Without an account semgrep writes these words in place of one.
        const own = extra.fingerprint === "requires login" ? undefined : extra.fingerprint;
        return observe({
          rule: check_id,
          severity: severity ?? "high",
          severityStated: severity !== undefined,
          message: extra.message,
          place: { kind: "file", path, line: start.line },
          cwe: cweIn(extra.metadata?.cwe ?? []),
          fingerprint: own,
          suppressed: extra.is_ignored ?? false,
        });
      }),
      ...(report.version === undefined
        ? {}
        : { tool: { name: "semgrep", version: report.version } }),
      ...(files === 0 ? {} : { exercised: { files } }),
      complete: bad === undefined,
      ...(bad === undefined ? {} : { missing: bad.message.slice(0, 500) }),
    };
  },
};
