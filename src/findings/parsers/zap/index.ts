import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { fieldsOf, type Format } from "../format.ts";

const Alert = z.object({
  pluginid: z.string(),
  name: z.string().optional(),
  alert: z.string().optional(),
  riskcode: z.string().optional(),
  desc: z.string().default(""),
  cweid: z.string().optional(),
  reference: z.string().optional().catch(undefined),
  instances: z
    .array(
      z.object({
        uri: z.string(),
        method: z.string().default("GET"),
        param: z.string().optional(),
      }),
    )
    .nullish(),
});
type Alert = z.infer<typeof Alert>;

const Frame = z.object({
  "@version": z.string(),
  created: z.string().optional().catch(undefined),
  site: z.array(z.object({ "@name": z.string(), alerts: z.tuple([]).default([]) })),
});

/** ZAP's risks, by their code. */
const severities: readonly Severity[] = ["info", "low", "medium", "high"];

/** ZAP's traditional report in JSON: an observation for each place of each alert. */
export const zap: Format = {
  id: "zap",
  title: "ZAP (JSON)",
  syntax: "json",
  items: [{ path: ["site", "*", "alerts", "*"] }],
  recognise(sample) {
    const fields = fieldsOf(sample);
    return typeof fields?.["@version"] === "string" && Array.isArray(fields["site"]);
  },
  open(frame) {
    const report = Frame.parse(frame);
    const sites = report.site.map((site) => site["@name"]).toSorted();
    return {
      item: (value, { keys: [site] }) =>
        hitsOf(Alert.parse(value), report.site[Number(site)]?.["@name"] ?? ""),
      end: () => ({
        tool: { name: "zap", version: report["@version"] },
        ...(sites.length === 0 ? {} : { subject: sites.join(", ") }),
        ...(report.created === undefined ? {} : { madeAt: report.created }),
        complete: true,
      }),
    };
  },
};

function hitsOf(alert: Alert, site: string): readonly Draft[] {
  // An empty text would be the number 0, and so the least risk.
  const code = /^\d$/.test(alert.riskcode ?? "") ? Number(alert.riskcode) : -1;
  const cwe = Number(alert.cweid);
  // An alert without a place is about the site.
  const places: NonNullable<Alert["instances"]> = alert.instances?.length
    ? alert.instances
    : [{ uri: site, method: "GET" }];
  return places.map(({ uri, method, param }) => ({
    rule: alert.pluginid,
    severity: severities[code] ?? null,
    title: alert.name ?? alert.alert ?? alert.pluginid,
    message: alert.desc.replace(/<\/?p>/g, " ").trim(),
    place: {
      kind: "http",
      method,
      route: URL.canParse(uri) ? new URL(uri).pathname : uri,
      parameter: param === "" ? undefined : param,
    },
    cwe: cwe > 0 ? [cwe] : [],
    references: (alert.reference ?? "").slice(0, 8_192).match(/https?:\/\/[^\s<"]+/g) ?? [],
  }));
}
