import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const Report = z.object({
  errors: z.array(z.object({ filename: z.string(), reason: z.string() })).default([]),
  metrics: z.record(z.string(), z.unknown()).default({}),
  results: z.array(
    z.object({
      filename: z.string(),
      line_number: z.number().optional(),
      issue_severity: z.string(),
      issue_confidence: z.string().optional(),
      issue_text: z.string().default(""),
      issue_cwe: z.object({ id: z.number().optional() }).nullish(),
      test_id: z.string(),
      test_name: z.string().default(""),
    }),
  ),
});

/** bandit has three grades; what it calls undefined is guessed on the bad side. */
const severities: Readonly<Record<string, Severity>> = {
  HIGH: "high",
  MEDIUM: "medium",
  LOW: "low",
};

/** `bandit --format json`. A file that could not be parsed stands in `errors`: then the scan is not whole. */
export const bandit: Parser = {
  format: "bandit",
  parse(text) {
    const { errors, metrics, results } = Report.parse(parseJson(text));
    const files = Object.keys(metrics).filter((name) => name !== "_totals").length;
    const [first] = errors;
    return {
      observations: results.map((result) => {
        const severity = severities[result.issue_severity.toUpperCase()];
        return observe({
          rule: result.test_id,
          severity: severity ?? "high",
          severityStated: severity !== undefined,
          title: result.issue_text,
          message: `${result.issue_text} (${result.test_name}, confidence ${result.issue_confidence ?? "unknown"})`,
          place: { kind: "file", path: result.filename, line: result.line_number },
          cwe: result.issue_cwe?.id === undefined ? [] : [result.issue_cwe.id],
        });
      }),
      ...(files === 0 ? {} : { exercised: { files } }),
      complete: first === undefined,
      ...(first === undefined ? {} : { missing: `${first.filename}: ${first.reason}` }),
    };
  },
};
