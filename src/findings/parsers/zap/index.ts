import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const Alert = z.object({
  pluginid: z.string(),
  name: z.string().optional(),
  alert: z.string().optional(),
  riskcode: z.string(),
  desc: z.string().default(""),
  cweid: z.string().optional(),
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

const Report = z.object({
  "@version": z.string(),
  site: z.array(z.object({ "@name": z.string(), alerts: z.array(Alert).default([]) })),
});

/** ZAP's risks. */
const severities: readonly Severity[] = ["info", "low", "medium", "high"];

/** ZAP's traditional report in JSON: an observation for each place of each alert. */
export const zap: Parser = {
  format: "zap",
  parse(text) {
    const report = Report.parse(parseJson(text));
    return {
      observations: report.site.flatMap((site) =>
        site.alerts.flatMap((alert) =>
          placesOf(alert, site["@name"]).map((place) => {
            // An empty text would be the number 0, and so the least risk.
            const severity = /^\d$/.test(alert.riskcode)
              ? severities[Number(alert.riskcode)]
              : undefined;
            const cwe = Number(alert.cweid);
            return observe({
              rule: alert.pluginid,
              severity: severity ?? "high",
              severityStated: severity !== undefined,
              title: alert.name ?? alert.alert ?? alert.pluginid,
              message: alert.desc.replace(/<\/?p>/g, " ").trim(),
              place: {
                kind: "http",
                method: place.method,
                route: URL.canParse(place.uri) ? new URL(place.uri).pathname : place.uri,
                parameter: place.param === "" ? undefined : place.param,
              },
              cwe: cwe > 0 ? [cwe] : [],
            });
          }),
        ),
      ),
      tool: { name: "zap", version: report["@version"] },
      complete: true,
    };
  },
};

/** An alert without a place is about the site. */
function placesOf(
  { instances }: z.infer<typeof Alert>,
  uri: string,
): readonly { uri: string; method: string; param?: string | undefined }[] {
  return instances?.length ? instances : [{ uri, method: "GET" }];
}
