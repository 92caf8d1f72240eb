import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cvssOf, cweIn, type Draft, type DraftPlace, severityOfWord } from "../../observe.ts";
import { type Format, isRecord, valuesOf } from "../format.ts";

const texts = z.union([z.string(), z.array(z.string())]).nullish();

const Hit = z
  .object({
    "template-id": z.string().optional(),
    /** Before version 2.4. */
    templateID: z.string().optional(),
    "matcher-name": z.string().nullish(),
    info: z.object({
      name: z.string().default(""),
      severity: z.string().optional(),
      description: z.string().nullish(),
      reference: texts.catch(undefined),
      classification: z
        .object({
          "cve-id": texts,
          "cwe-id": texts,
          "cvss-metrics": z.string().nullish().catch(undefined),
          "cvss-score": z.number().nullish().catch(undefined),
        })
        .nullish(),
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

/**
 * nuclei's hits, as one JSON list (`-json-export`) or one document a line (`-jsonl`). An empty text is no report: who
 * wants to know that nothing was found asks for the list.
 */
export const nuclei: Format = {
  id: "nuclei",
  title: "Nuclei (JSON, JSON lines)",
  syntax: "lines",
  recognise(sample) {
    const [first] = valuesOf(sample) ?? [];
    return (
      isRecord(first) &&
      ("template-id" in first || "templateID" in first) &&
      isRecord(first["info"])
    );
  },
  open: () => ({
    item: (value) => [hitOf(Hit.parse(value))],
    end: () => ({ complete: true }),
  }),
};

function hitOf(hit: Hit): Draft {
  const { info } = hit;
  const rule = hit["template-id"] ?? hit.templateID ?? "";
  const list = (value: z.infer<typeof texts>): readonly string[] =>
    value === null || value === undefined ? [] : [value].flat();
  return {
    rule: hit["matcher-name"] ? `${rule}:${hit["matcher-name"]}` : rule,
    severity: severityOfWord(words, info.severity),
    title: info.name,
    message: info.description ?? "",
    place: placeOf(hit),
    cwe: cweIn(list(info.classification?.["cwe-id"])),
    aliases: list(info.classification?.["cve-id"]),
    cvss: cvssOf(info.classification?.["cvss-score"], info.classification?.["cvss-metrics"]),
    // Older versions write a list of lines.
    references: list(info.reference).flatMap(
      (text) => text.slice(0, 8_192).match(/https?:\/\/\S+/g) ?? [],
    ),
  };
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
