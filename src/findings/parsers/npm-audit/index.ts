import { z } from "zod";
import type { Observation, Severity } from "../../../model/observation.ts";
import { cweIn, observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const severities: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  moderate: "medium",
  low: "low",
  info: "info",
};

const Failure = z.object({ error: z.looseObject({ summary: z.string().optional() }) });

const Advisory = z.object({
  source: z.union([z.number(), z.string()]).optional(),
  name: z.string(),
  title: z.string().default(""),
  url: z.string().default(""),
  severity: z.string().default(""),
  cwe: z.array(z.string()).nullish(),
  range: z.string().optional(),
});

/** npm 7 and later. */
const Version2 = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      name: z.string(),
      severity: z.string(),
      via: z.array(z.union([z.string(), Advisory])),
      range: z.string().default(""),
      nodes: z.array(z.string()).default([]),
    }),
  ),
});

/** npm 6. */
const Version1 = z.object({
  advisories: z.record(
    z.string(),
    z.object({
      id: z.union([z.number(), z.string()]),
      module_name: z.string(),
      title: z.string().default(""),
      overview: z.string().default(""),
      severity: z.string().default(""),
      url: z.string().default(""),
      cwe: z.union([z.string(), z.array(z.string())]).nullish(),
      cves: z.array(z.string()).nullish(),
      github_advisory_id: z.string().nullish(),
      patched_versions: z.string().optional(),
      findings: z
        .array(z.object({ version: z.string(), paths: z.array(z.string()).default([]) }))
        .default([]),
    }),
  ),
});

/**
 * `npm audit --json` of npm 6 and of 7 and later. A report that is an error (no registry answered) is no
 * report, and is refused. In the newer form the package that an advisory is about is the observation; those
 * that merely depend on it are not observations of their own.
 */
export const npmAudit: Parser = {
  format: "npm-audit",
  parse(text) {
    const value = parseJson(text);
    const failure = Failure.safeParse(value);
    if (failure.success) {
      throw new Error(
        `npm could not ask its registry: ${failure.data.error.summary || "no reason given"}`,
      );
    }
    const newer = Version2.safeParse(value);
    const observations = newer.success ? ofVersion2(newer.data) : ofVersion1(Version1.parse(value));
    return { observations, complete: true };
  },
};

function ofVersion2({ vulnerabilities }: z.infer<typeof Version2>): readonly Observation[] {
  return Object.values(vulnerabilities).flatMap(({ name, via, range, nodes }) =>
    via.flatMap((advisory) => {
      if (typeof advisory === "string") return [];
      const id = advisoryId(advisory.url) ?? `npm:${advisory.source ?? advisory.name}`;
      return [
        observe({
          rule: id,
          ...graded(advisory.severity),
          title: `${name}: ${advisory.title}`,
          message: `${advisory.title} (${advisory.range ?? range}) ${advisory.url}`,
          // npm names the affected range and not what is installed.
          place: { kind: "package", name, version: "", purl: purl(name), path: nodes[0] },
          cwe: cweIn(advisory.cwe ?? []),
          aliases: [id],
        }),
      ];
    }),
  );
}

function ofVersion1({ advisories }: z.infer<typeof Version1>): readonly Observation[] {
  return Object.values(advisories).map((one) => {
    const id = one.github_advisory_id ?? advisoryId(one.url) ?? `npm:${one.id}`;
    const [found] = one.findings;
    const version = found?.version ?? "";
    return observe({
      rule: id,
      ...graded(one.severity),
      title: `${one.module_name}: ${one.title}`,
      message: `${one.title} ${one.url} ${one.overview}`,
      place: {
        kind: "package",
        name: one.module_name,
        version,
        purl: purl(one.module_name, version),
        path: found?.paths[0],
      },
      cwe: cweIn([one.cwe ?? []].flat()),
      aliases: [id, ...(one.cves ?? [])],
      fixedIn: one.patched_versions,
    });
  });
}

function graded(word: string): { severity: Severity; severityStated: boolean } {
  const severity = severities[word];
  return { severity: severity ?? "high", severityStated: severity !== undefined };
}

function advisoryId(url: string): string | undefined {
  return /GHSA(?:-[0-9a-z]{4}){3}/i.exec(url)?.[0];
}

/** purl-spec, type npm: the @ of a scope is written %40. */
function purl(name: string, version = ""): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}${version === "" ? "" : `@${version}`}`;
}
