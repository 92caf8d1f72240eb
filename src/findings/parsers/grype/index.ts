import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const Match = z.object({
  vulnerability: z.object({
    id: z.string(),
    severity: z.string().default("Unknown"),
    description: z.string().nullish(),
    fix: z.object({ versions: z.array(z.string()).nullish() }).nullish(),
    cwes: z.array(z.object({ cwe: z.string() })).nullish(),
  }),
  relatedVulnerabilities: z.array(z.object({ id: z.string() })).nullish(),
  artifact: z.object({
    name: z.string(),
    version: z.string().default(""),
    purl: z.string().optional(),
    locations: z.array(z.object({ path: z.string() })).nullish(),
  }),
});

const Report = z.object({
  matches: z.array(Match),
  /** What a rule of whoever configured it left out. */
  ignoredMatches: z.array(Match).nullish(),
  descriptor: z.object({ version: z.string().default("unknown") }).optional(),
});

const words: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  medium: "medium",
  low: "low",
  negligible: "info",
};

/** `grype -o json`: an observation for each match, so one for each package and place an advisory is about. */
export const grype: Parser = {
  format: "grype",
  parse(text) {
    const { matches, ignoredMatches, descriptor } = Report.parse(parseJson(text));
    return {
      observations: [
        ...matches.map((one) => hit(one, false)),
        ...(ignoredMatches ?? []).map((one) => hit(one, true)),
      ],
      ...(descriptor === undefined ? {} : { tool: { name: "grype", version: descriptor.version } }),
      complete: true,
    };
  },
};

function hit(match: z.infer<typeof Match>, suppressed: boolean) {
  const { vulnerability, artifact, relatedVulnerabilities } = match;
  const { name, version, purl, locations } = artifact;
  const stated = words[vulnerability.severity.toLowerCase()];
  return observe({
    rule: vulnerability.id,
    severity: stated ?? "high",
    severityStated: stated !== undefined,
    title: `${name} ${version}: ${vulnerability.id}`,
    message: vulnerability.description ?? "",
    place: { kind: "package", name, version, purl, path: locations?.[0]?.path },
    cwe: (vulnerability.cwes ?? []).map(({ cwe }) => Number(/\d+/.exec(cwe)?.[0])),
    aliases: [vulnerability.id, ...(relatedVulnerabilities ?? []).map(({ id }) => id)],
    fixedIn: vulnerability.fix?.versions?.[0],
    suppressed,
  });
}
