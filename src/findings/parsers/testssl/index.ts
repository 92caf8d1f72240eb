import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cweIn, observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

/** Flat JSON (`--jsonfile`): one row a test. */
const Report = z.array(
  z.object({
    id: z.string(),
    ip: z.string().default(""),
    port: z.string().default(""),
    severity: z.enum(["OK", "INFO", "DEBUG", "WARN", "LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL"]),
    finding: z.string(),
    cve: z.string().default(""),
    cwe: z.string().default(""),
  }),
);

const words: Readonly<Record<string, Severity>> = {
  LOW: "low",
  MEDIUM: "medium",
  HIGH: "high",
  CRITICAL: "critical",
};

/**
 * testssl's rows: those with a severity are hits. `WARN` is a test that could not be made, `FATAL` a scan that
 * broke off: both are gaps, and no hits. The last row of a whole scan is its time.
 */
export const testssl: Parser = {
  format: "testssl",
  parse(text) {
    const rows = Report.parse(parseJson(text));
    const gap = rows.find(({ severity }) => severity === "FATAL" || severity === "WARN");
    const ended = rows.some(({ id, severity }) => id === "scanTime" && severity === "INFO");
    const missing = gap === undefined ? "its end" : `${gap.id}: ${gap.finding}`;
    return {
      observations: rows.flatMap((row) => {
        const severity = words[row.severity];
        if (severity === undefined) return [];
        return [
          observe({
            rule: row.id,
            severity,
            title: `${row.id}: ${row.finding}`,
            message: row.finding,
            place: {
              kind: "port",
              host: row.ip.replace(/\/[^/]*$/, ""),
              port: Number(row.port),
            },
            cwe: cweIn([row.cwe]),
            aliases: row.cve.split(/\s+/).filter((cve) => cve !== ""),
          }),
        ];
      }),
      ...(gap === undefined && ended ? { complete: true } : { complete: false, missing }),
    };
  },
};
