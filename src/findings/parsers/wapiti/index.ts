import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { fieldsOf, type Format, isRecord } from "../format.ts";

const Hit = z.object({
  method: z.string().default("GET"),
  path: z.string(),
  info: z.string().default(""),
  level: z.number().optional(),
  parameter: z.string().nullish(),
  module: z.string().nullish(),
});

const Groups = z.record(z.string(), z.tuple([]));

const Frame = z.object({
  vulnerabilities: Groups,
  anomalies: Groups.default({}),
  infos: z.object({
    target: z.string().optional().catch(undefined),
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
export const wapiti: Format = {
  id: "wapiti",
  title: "Wapiti (JSON)",
  syntax: "json",
  items: ["vulnerabilities", "anomalies", "additionals"].map((list) => ({
    path: [list, "*", "*"],
  })),
  recognise(sample) {
    const fields = fieldsOf(sample);
    return isRecord(fields?.["infos"]) && isRecord(fields["vulnerabilities"]);
  },
  open(frame) {
    const { infos } = Frame.parse(frame);
    return {
      item: (value, { item, keys }) =>
        item === 2 ? [] : [hitOf(String(keys[0]), Hit.parse(value))],
      end: () => ({
        tool: { name: "wapiti", version: infos.version.replace(/^Wapiti\s*/i, "") },
        ...(infos.target ? { subject: infos.target } : {}),
        complete: true,
      }),
    };
  },
};

function hitOf(kind: string, hit: z.infer<typeof Hit>): Draft {
  const weakness = Object.hasOwn(weaknesses, kind) ? weaknesses[kind] : undefined;
  return {
    rule: kind,
    severity: severities[hit.level ?? -1] ?? null,
    title: `${kind}: ${hit.info}`,
    message: hit.info,
    place: {
      kind: "http",
      method: hit.method,
      route: hit.path.split(/[?#]/)[0] ?? "/",
      parameter: hit.parameter ?? undefined,
    },
    cwe: weakness === undefined ? [] : [weakness],
  };
}
