import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cvssOf, cweIn, type Draft, severityOfWord } from "../../observe.ts";
import { fieldsOf, type Format, isRecord } from "../format.ts";

const severities: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  moderate: "medium",
  low: "low",
  info: "info",
};

const Failure = z.object({ error: z.looseObject({ summary: z.string().optional() }) });

const Frame = z.union([
  /** npm 7 and later. */
  z.object({ auditReportVersion: z.literal(2), vulnerabilities: z.object({}) }),
  /** npm 6. */
  z.object({ advisories: z.object({}) }),
]);

const Score = z
  .object({ score: z.number().nullish(), vectorString: z.string().nullish() })
  .nullish()
  .catch(undefined);

const Vulnerable = z.object({
  name: z.string(),
  severity: z.string().optional(),
  via: z.array(
    z.union([
      z.string(),
      z.object({
        source: z.union([z.number(), z.string()]).optional(),
        name: z.string(),
        title: z.string().default(""),
        url: z.string().default(""),
        severity: z.string().default(""),
        cwe: z.array(z.string()).nullish(),
        cvss: Score,
        range: z.string().optional(),
      }),
    ]),
  ),
  range: z.string().default(""),
  nodes: z.array(z.string()).default([]),
});

const Advisory = z.object({
  id: z.union([z.number(), z.string()]),
  module_name: z.string(),
  title: z.string().default(""),
  overview: z.string().default(""),
  severity: z.string().default(""),
  url: z.string().default(""),
  cwe: z.union([z.string(), z.array(z.string())]).nullish(),
  cves: z.array(z.string()).nullish(),
  cvss: Score,
  github_advisory_id: z.string().nullish(),
  patched_versions: z.string().optional(),
  findings: z
    .array(z.object({ version: z.string(), paths: z.array(z.string()).default([]) }))
    .default([]),
});

/**
 * `npm audit --json` of npm 6 and of 7 and later. A report that is an error (no registry answered) is no
 * report, and is refused. In the newer form the package that an advisory is about is the observation; those
 * that merely depend on it are not observations of their own.
 */
export const npmAudit: Format = {
  id: "npm-audit",
  title: "npm audit (JSON)",
  syntax: "json",
  items: [{ path: ["vulnerabilities", "*"] }, { path: ["advisories", "*"] }],
  recognise(sample) {
    const fields = fieldsOf(sample);
    if (fields === undefined) return false;
    const { error } = fields;
    return (
      "auditReportVersion" in fields ||
      (isRecord(fields["advisories"]) && isRecord(fields["metadata"]) && "actions" in fields) ||
      (isRecord(error) && "code" in error && "summary" in error)
    );
  },
  open(frame) {
    const failure = Failure.safeParse(frame);
    if (failure.success) {
      throw new Error(
        `npm could not ask its registry: ${failure.data.error.summary || "no reason given"}`,
      );
    }
    const newer = "auditReportVersion" in Frame.parse(frame);
    return {
      item(value, { item }) {
        if (newer !== (item === 0)) return [];
        return newer ? newHits(Vulnerable.parse(value)) : [oldHit(Advisory.parse(value))];
      },
      end: () => ({ complete: true }),
    };
  },
};

function newHits({ name, via, range, nodes }: z.infer<typeof Vulnerable>): readonly Draft[] {
  return via.flatMap((advisory) => {
    if (typeof advisory === "string") return [];
    const id = advisoryId(advisory.url) ?? `npm:${advisory.source ?? advisory.name}`;
    return [
      {
        rule: id,
        severity: severityOfWord(severities, advisory.severity),
        title: `${name}: ${advisory.title}`,
        message: `${advisory.title} (${advisory.range ?? range}) ${advisory.url}`,
        // npm names the affected range and not what is installed.
        place: { kind: "package", name, version: "", purl: purl(name), path: nodes[0] },
        cwe: cweIn(advisory.cwe ?? []),
        aliases: [id],
        cvss: cvssOf(advisory.cvss?.score, advisory.cvss?.vectorString),
        references: [advisory.url],
      },
    ];
  });
}

function oldHit(one: z.infer<typeof Advisory>): Draft {
  const id = one.github_advisory_id ?? advisoryId(one.url) ?? `npm:${one.id}`;
  const [found] = one.findings;
  const version = found?.version ?? "";
  return {
    rule: id,
    severity: severityOfWord(severities, one.severity),
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
    // npm's way to say that no version repairs it.
    fixedIn: one.patched_versions === "<0.0.0" ? undefined : one.patched_versions,
    cvss: cvssOf(one.cvss?.score, one.cvss?.vectorString),
    references: [one.url],
  };
}

function advisoryId(url: string): string | undefined {
  return /GHSA(?:-[0-9a-z]{4}){3}/i.exec(url)?.[0];
}

/** purl-spec, type npm: the @ of a scope is written %40. */
function purl(name: string, version = ""): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}${version === "" ? "" : `@${version}`}`;
}
