import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cvssOf, type Draft, imageName, severityOfWord } from "../../observe.ts";
import { fieldsOf, type Format, isRecord } from "../format.ts";

const Score = z.object({
  version: z.string().optional(),
  vector: z.string().optional(),
  metrics: z.object({ baseScore: z.number().optional() }).optional(),
});
const scores = z.array(Score).nullish().catch(undefined);
const links = z.array(z.string()).nullish().catch(undefined);

const Match = z.object({
  vulnerability: z.object({
    id: z.string(),
    severity: z.string().optional(),
    description: z.string().nullish(),
    dataSource: z.string().optional().catch(undefined),
    urls: links,
    cvss: scores,
    fix: z.object({ versions: z.array(z.string()).nullish() }).nullish(),
    cwes: z.array(z.object({ cwe: z.string() })).nullish(),
  }),
  relatedVulnerabilities: z.array(z.object({ id: z.string(), cvss: scores })).nullish(),
  artifact: z.object({
    name: z.string(),
    version: z.string().default(""),
    purl: z.string().optional(),
    locations: z.array(z.object({ path: z.string() })).nullish(),
  }),
});

const Frame = z.object({
  matches: z.tuple([]),
  /** What a rule of whoever configured it left out. */
  ignoredMatches: z.tuple([]).nullish(),
  source: z
    .object({
      type: z.string().optional(),
      target: z.union([z.string(), z.object({ userInput: z.string() })]).optional(),
    })
    .nullish()
    .catch(undefined),
  descriptor: z
    .object({
      version: z.string().default("unknown"),
      timestamp: z.string().optional().catch(undefined),
    })
    .optional(),
});

/** `unknown` is none of them: it is grype's word for a severity that nobody stated. */
const words: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  medium: "medium",
  low: "low",
  negligible: "info",
};

/** `grype -o json`: an observation for each match, so one for each package and place an advisory is about. */
export const grype: Format = {
  id: "grype",
  title: "Grype (JSON)",
  syntax: "json",
  items: [{ path: ["matches", "*"] }, { path: ["ignoredMatches", "*"], pass: 2 }],
  recognise(sample) {
    const fields = fieldsOf(sample);
    const matches = fields?.["matches"];
    if (fields === undefined || !Array.isArray(matches)) return false;
    // Some cut the report down to its matches.
    const [first] = matches;
    return (
      isRecord(fields["descriptor"]) ||
      (isRecord(first) && isRecord(first["vulnerability"]) && isRecord(first["artifact"]))
    );
  },
  open(frame) {
    const { source, descriptor } = Frame.parse(frame);
    const target = typeof source?.target === "object" ? source.target.userInput : source?.target;
    const subject = source?.type === "image" && target ? imageName(target) : target;
    return {
      item: (value, { item }) => [hitOf(Match.parse(value), item === 1)],
      end: () => ({
        ...(descriptor === undefined
          ? {}
          : { tool: { name: "grype", version: descriptor.version } }),
        ...(descriptor?.timestamp === undefined ? {} : { madeAt: descriptor.timestamp }),
        ...(subject ? { subject } : {}),
        complete: true,
      }),
    };
  },
};

function hitOf(match: z.infer<typeof Match>, suppressed: boolean): Draft {
  const { vulnerability, artifact, relatedVulnerabilities } = match;
  const { name, version, purl, locations } = artifact;
  const related = relatedVulnerabilities ?? [];
  return {
    rule: vulnerability.id,
    severity: severityOfWord(words, vulnerability.severity),
    title: `${name} ${version}: ${vulnerability.id}`,
    message: vulnerability.description ?? "",
    place: { kind: "package", name, version, purl, path: locations?.[0]?.path },
    cwe: (vulnerability.cwes ?? []).map(({ cwe }) => Number(/\d+/.exec(cwe)?.[0])),
    aliases: [vulnerability.id, ...related.map(({ id }) => id)],
    fixedIn: vulnerability.fix?.versions?.[0],
    suppressed,
    cvss: [vulnerability, ...related].flatMap(({ cvss }) =>
      (cvss ?? []).flatMap((one) => cvssOf(one.metrics?.baseScore, one.vector, one.version)),
    ),
    references: [vulnerability.dataSource ?? "", ...(vulnerability.urls ?? [])],
  };
}
