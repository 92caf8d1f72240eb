import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cvssOf, type Draft, severityOfScore, severityOfWord } from "../../observe.ts";
import { distributionOf } from "../distribution.ts";
import { fieldsOf, type Format, isRecord } from "../format.ts";
import { makePackageUrl } from "../package-url.ts";

const Vulnerability = z.object({
  id: z.string(),
  aliases: z.array(z.string()).nullish(),
  summary: z.string().nullish(),
  details: z.string().nullish(),
  severity: z
    .array(z.object({ type: z.string(), score: z.string() }))
    .nullish()
    .catch(undefined),
  references: z
    .array(z.object({ url: z.string() }))
    .nullish()
    .catch(undefined),
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

const Group = z.object({
  ids: z.array(z.string()),
  max_severity: z.string().optional(),
  /** Whether the vulnerable function is called, where osv-scanner looked at the code. */
  experimentalAnalysis: z
    .record(z.string(), z.object({ called: z.boolean().optional() }))
    .nullish()
    .catch(undefined),
});

const Package = z.object({
  package: z.object({
    name: z.string().default(""),
    version: z.string().default(""),
    ecosystem: z.string().default(""),
  }),
  vulnerabilities: z.array(Vulnerability).nullish(),
  groups: z.array(Group).nullish(),
});
type Package = z.infer<typeof Package>;

const Frame = z.object({
  results: z.array(
    z.object({
      source: z.object({ path: z.string().default("") }).default({ path: "" }),
      packages: z.tuple([]).nullish(),
    }),
  ),
});

const words: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  moderate: "medium",
  medium: "medium",
  low: "low",
};

/** `osv-scanner --format json`: an observation for each advisory of each package of each source. */
export const osv: Format = {
  id: "osv",
  title: "OSV-Scanner (JSON)",
  syntax: "json",
  items: [{ path: ["results", "*", "packages", "*"] }],
  recognise(sample) {
    const fields = fieldsOf(sample);
    const results = fields?.["results"];
    if (fields === undefined || !Array.isArray(results) || "errors" in fields) return false;
    const [first] = results;
    if (first === undefined) return "experimental_config" in fields || onlyKey(fields, "results");
    return isRecord(first) && isRecord(first["source"]) && "packages" in first;
  },
  open(frame) {
    const { results } = Frame.parse(frame);
    return {
      item: (value, { keys: [index] }) =>
        hitsOf(Package.parse(value), results[Number(index)]?.source.path ?? ""),
      end: () => ({ complete: true }),
    };
  },
};

function onlyKey(fields: object, key: string): boolean {
  return Object.keys(fields).join() === key;
}

function hitsOf(found: Package, path: string): readonly Draft[] {
  const { name, version, ecosystem } = found.package;
  return (found.vulnerabilities ?? []).map((one) => {
    const group = found.groups?.find(({ ids }) => ids.includes(one.id));
    const affected = one.affected?.find((entry) => entry.package?.name === name);
    const events = (affected?.ranges ?? []).flatMap((range) => range.events);
    // The number is the worst of the group: of one advisory alone it is that advisory's, and its vector says of which version.
    const [vector, ...others] = (one.severity ?? []).filter(({ type }) => type.startsWith("CVSS"));
    const alone = group?.ids.length === 1 && others.length === 0 && vector !== undefined;
    return {
      rule: one.id,
      severity:
        severityOfScore(group?.max_severity) ??
        severityOfWord(words, one.database_specific?.severity),
      title: `${name} ${version}: ${one.summary ?? one.id}`,
      message: one.details ?? one.summary ?? "",
      place: {
        kind: "package",
        name,
        version,
        purl: affected?.package?.purl ?? purlOf(ecosystem, name, version),
        path,
      },
      aliases: [one.id, ...(one.aliases ?? [])],
      fixedIn: events.find(({ fixed }) => fixed !== undefined)?.["fixed"],
      cvss: alone ? cvssOf(group.max_severity, vector.score) : [],
      reachable: group?.experimentalAnalysis?.[one.id]?.called,
      references: (one.references ?? []).map(({ url }) => url),
    };
  });
}

/** Of an ecosystem as OSV names it: `PyPI`, `Debian:12`. */
function purlOf(ecosystem: string, name: string, version: string): string | undefined {
  const system = distributionOf(ecosystem);
  return system === undefined
    ? makePackageUrl(ecosystem, name, version)
    : makePackageUrl(system.type, `${system.vendor}/${name}`, version, { distro: system.distro });
}
