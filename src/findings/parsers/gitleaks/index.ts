import { z } from "zod";
import { observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const Leak = z.object({
  RuleID: z.string(),
  Description: z.string().default(""),
  File: z.string(),
  StartLine: z.number().optional(),
  Fingerprint: z.string().optional(),
});

/** Before version 8. */
const OldLeak = z.object({
  rule: z.string(),
  file: z.string(),
  lineNumber: z.number().optional(),
});

const Report = z.array(z.union([Leak, OldLeak])).nullable();

/**
 * gitleaks' JSON, of version 8 and before; nothing found is `[]` or `null`. The value of a secret, its line
 * and the commit's author are never taken over. gitleaks gives no severity: a secret is high.
 */
export const gitleaks: Parser = {
  format: "gitleaks",
  parse(text) {
    const leaks = Report.parse(parseJson(text)) ?? [];
    return {
      observations: leaks.map((leak) => {
        const old = "rule" in leak;
        const rule = old ? leak.rule : leak.RuleID;
        return observe({
          rule,
          severity: "high",
          severityStated: false,
          title: old ? `a secret: ${rule}` : leak.Description,
          place: {
            kind: "file",
            path: old ? leak.file : leak.File,
            line: old ? leak.lineNumber : leak.StartLine,
          },
          cwe: [798],
        });
      }),
      complete: true,
    };
  },
};
