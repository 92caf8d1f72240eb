import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { quoted, severityOfWord } from "../../observe.ts";
import { fieldsOf, type Format, isRecord } from "../format.ts";

const Frame = z.object({
  errors: z.array(z.object({ filename: z.string(), reason: z.string() })).default([]),
  generated_at: z.string().optional().catch(undefined),
  metrics: z.record(z.string(), z.unknown()).default({}),
  results: z.tuple([]),
});

const Result = z.object({
  filename: z.string(),
  line_number: z.number().optional(),
  code: z.string().optional(),
  issue_severity: z.string().optional(),
  issue_confidence: z.string().optional(),
  issue_text: z.string().default(""),
  issue_cwe: z.object({ id: z.number().optional() }).nullish(),
  more_info: z.string().optional(),
  test_id: z.string(),
  test_name: z.string().default(""),
});

/** bandit has three grades; what it calls undefined is unknown. */
const severities: Readonly<Record<string, Severity>> = {
  high: "high",
  medium: "medium",
  low: "low",
};

/** `bandit --format json`. A file that could not be parsed stands in `errors`: then the scan is not whole. */
export const bandit: Format = {
  id: "bandit",
  title: "Bandit (JSON)",
  syntax: "json",
  items: [{ path: ["results", "*"] }],
  recognise(sample) {
    const fields = fieldsOf(sample);
    return Array.isArray(fields?.["results"]) && isRecord(fields["metrics"]);
  },
  open(frame) {
    const { errors, metrics, generated_at: madeAt } = Frame.parse(frame);
    const files = Object.keys(metrics).filter((name) => name !== "_totals").length;
    const [first] = errors;
    return {
      item(value) {
        const result = Result.parse(value);
        const cwe = result.issue_cwe?.id === undefined ? [] : [result.issue_cwe.id];
        // Its tests for passwords quote the password.
        const text = result.issue_text.replace(/(hardcoded password): .*/is, "$1");
        return [
          {
            rule: result.test_id,
            severity: severityOfWord(severities, result.issue_severity),
            title: text,
            message: `${text} (${result.test_name}, confidence ${result.issue_confidence ?? "unknown"})`,
            place: { kind: "file", path: result.filename, line: result.line_number },
            cwe,
            references: result.more_info === undefined ? [] : [result.more_info],
            // Each line begins with its number, which moves.
            ...quoted(result.code?.replace(/^\d+ /gm, ""), { cwe }),
          },
        ];
      },
      end: () => ({
        ...(files === 0 ? {} : { exercised: { files } }),
        ...(madeAt === undefined ? {} : { madeAt }),
        complete: first === undefined,
        ...(first === undefined ? {} : { missing: `${first.filename}: ${first.reason}` }),
      }),
    };
  },
};
