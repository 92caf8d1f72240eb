import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const Hit = z.object({
  method: z.string().default("GET"),
  path: z.string(),
  info: z.string().default(""),
  level: z.number().default(0),
  parameter: z.string().nullish(),
  module: z.string().nullish(),
});

const Groups = z.record(z.string(), z.array(Hit));

const Report = z.object({
  vulnerabilities: Groups,
  anomalies: Groups.default({}),
  infos: z.object({
    version: z.string().default("unknown"),
    crawled_pages_nbr: z.number().optional(),
  }),
});

/** wapiti's levels: critical, high, medium, low, additional. */
const severities: readonly Severity[] = ["info", "low", "medium", "high", "critical"];

const weaknesses: Readonly<Record<string, number>> = {
  "SQL Injection": 89,
  "Blind SQL Injection": 89,
  "Reflected Cross Site Scripting": 79,
  "Stored Cross Site Scripting": 79,
  "Cross Site Scripting": 79,
  "Command execution": 78,
  "Path Traversal": 22,
  "Open Redirect": 601,
  "Server Side Request Forgery": 918,
  "XML External Entity": 611,
  "CRLF Injection": 93,
};

/**
 * wapiti's JSON report: vulnerabilities, and anomalies (a server error under attack) as well; what it merely
 * took note of (`additionals`) is no hit.
 */
export const wapiti: Parser = {
  format: "wapiti",
  parse(text) {
    const { vulnerabilities, anomalies, infos } = Report.parse(parseJson(text));
    const groups = [...Object.entries(vulnerabilities), ...Object.entries(anomalies)];
    return {
      observations: groups.flatMap(([kind, hits]) =>
        hits.map((hit) => {
          const weakness = Object.hasOwn(weaknesses, kind) ? weaknesses[kind] : undefined;
          const severity = severities[hit.level];
          return observe({
            rule: kind,
            severity: severity ?? "high",
            severityStated: severity !== undefined,
            title: `${kind}: ${hit.info}`,
            message: hit.info,
            place: {
              kind: "http",
              method: hit.method,
              route: hit.path.split(/[?#]/)[0] ?? "/",
              parameter: hit.parameter ?? undefined,
            },
            cwe: weakness === undefined ? [] : [weakness],
          });
        }),
      ),
      tool: { name: "wapiti", version: infos.version.replace(/^Wapiti\s*/i, "") },
      complete: true,
    };
  },
};
