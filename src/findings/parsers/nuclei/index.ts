import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { type DraftPlace, cweIn, observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const texts = z.union([z.string(), z.array(z.string())]).nullish();

const Hit = z
  .object({
    "template-id": z.string().optional(),
    /** Before version 2.4. */
    templateID: z.string().optional(),
    "matcher-name": z.string().nullish(),
    info: z.object({
      name: z.string().default(""),
      severity: z.string().default("unknown"),
      description: z.string().nullish(),
      classification: z.object({ "cve-id": texts, "cwe-id": texts }).nullish(),
    }),
    type: z.string().default(""),
    host: z.string().default(""),
    "matched-at": z.string().nullish(),
    matched: z.string().nullish(),
    request: z.string().nullish(),
  })
  .refine((hit) => (hit["template-id"] ?? hit.templateID) !== undefined, "names no template");
type Hit = z.infer<typeof Hit>;

const words: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  medium: "medium",
  low: "low",
  info: "info",
};

/** nuclei's hits, as one JSON list (`-json-export`) or one document a line (`-jsonl`). An empty text is no report. */
export const nuclei: Parser = {
  format: "nuclei",
  parse(text) {
    const hits = z.array(Hit).parse(documentsIn(text));
    return { observations: hits.map(observed), complete: true };
  },
};

function documentsIn(text: string): unknown {
  if (text.trimStart().startsWith("[")) return parseJson(text);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) throw new Error("it is empty");
  return lines.map(parseJson);
}

function observed(hit: Hit) {
  const { info } = hit;
  const stated = words[info.severity.toLowerCase()];
  const rule = hit["template-id"] ?? hit.templateID ?? "";
  const list = (value: z.infer<typeof texts>): readonly string[] =>
    value === null || value === undefined ? [] : [value].flat();
  return observe({
    rule: hit["matcher-name"] ? `${rule}:${hit["matcher-name"]}` : rule,
    severity: stated ?? "high",
    severityStated: stated !== undefined,
    title: info.name,
    message: info.description ?? "",
    place: placeOf(hit),
    cwe: cweIn(list(info.classification?.["cwe-id"])),
    aliases: list(info.classification?.["cve-id"]),
  });
}

function placeOf(hit: Hit): DraftPlace {
  const at = hit["matched-at"] ?? hit.matched ?? hit.host;
  if (/^https?:\/\//.test(at) && URL.canParse(at)) {
    const method = /^([A-Z]{3,10}) /.exec(hit.request ?? "")?.[1] ?? "GET";
    return { kind: "http", method, route: new URL(at).pathname };
  }
  const [, host, port] = /^\[?([^[\]/]{1,255}?)\]?:(\d{1,5})$/.exec(at) ?? [];
  return host === undefined
    ? { kind: "resource", name: at }
    : { kind: "port", host, port: Number(port) };
}
