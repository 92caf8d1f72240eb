import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { observe, severityOfScore } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const Vulnerability = z.object({
  id: z.string(),
  aliases: z.array(z.string()).nullish(),
  summary: z.string().nullish(),
  details: z.string().nullish(),
  database_specific: z.looseObject({ severity: z.string().optional().catch(undefined) }).nullish(),
  affected: z
    .array(
      z.object({
        package: z.object({ name: z.string(), purl: z.string().optional() }).nullish(),
        ranges: z
          .array(z.object({ events: z.array(z.record(z.string(), z.string())).default([]) }))
          .nullish(),
      }),
    )
    .nullish(),
});

const Report = z.object({
  results: z.array(
    z.object({
      source: z.object({ path: z.string().default("") }).default({ path: "" }),
      packages: z
        .array(
          z.object({
            package: z.object({
              name: z.string().default(""),
              version: z.string().default(""),
              ecosystem: z.string().default(""),
            }),
            vulnerabilities: z.array(Vulnerability).nullish(),
            groups: z
              .array(z.object({ ids: z.array(z.string()), max_severity: z.string().optional() }))
              .nullish(),
          }),
        )
        .nullish(),
    }),
  ),
});

const words: Readonly<Record<string, Severity>> = {
  CRITICAL: "critical",
  HIGH: "high",
  MODERATE: "medium",
  MEDIUM: "medium",
  LOW: "low",
};

/** `osv-scanner --format json`: an observation for each advisory of each package of each source. */
export const osv: Parser = {
  format: "osv",
  parse(text) {
    const { results } = Report.parse(parseJson(text));
    return {
      observations: results.flatMap(({ source, packages }) =>
        (packages ?? []).flatMap(({ package: { name, version }, vulnerabilities, groups }) =>
          (vulnerabilities ?? []).map((one) => {
            const group = groups?.find(({ ids }) => ids.includes(one.id));
            const stated =
              severityOfScore(group?.max_severity) ??
              words[(one.database_specific?.severity ?? "").toUpperCase()];
            const affected = one.affected?.find((entry) => entry.package?.name === name);
            const events = (affected?.ranges ?? []).flatMap((range) => range.events);
            return observe({
              rule: one.id,
              severity: stated ?? "high",
              severityStated: stated !== undefined,
              title: `${name} ${version}: ${one.summary ?? one.id}`,
              message: one.details ?? one.summary ?? "",
              place: {
                kind: "package",
                name,
                version,
                purl: affected?.package?.purl,
                path: source.path,
              },
              aliases: [one.id, ...(one.aliases ?? [])],
              fixedIn: events.find(({ fixed }) => fixed !== undefined)?.["fixed"],
            });
          }),
        ),
      ),
      complete: true,
    };
  },
};
