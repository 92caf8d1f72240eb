import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { flag, listOf, number, words } from "../lenient.ts";
import { namesOf } from "../package-names.ts";
import { rank } from "../package-ratings.ts";
import { makePackageUrl, packagePlace } from "../package-url.ts";

/** An issue of an agent-based scan, by REST (`/srcclr/v3/workspaces/…/issues`). */
const Issue = z.object({
  id: words,
  issue_type: words,
  issue_status: words,
  ignored: flag,
  severity: number,
  project_name: words,
  library: z.object({ id: words, name: words, version: words }).nullish(),
  vulnerability: z
    .object({
      id: words,
      title: words,
      cve: words,
      cwe_id: words,
      cvss2_score: number,
      cvss2_vector: words,
      cvss3_score: number,
      cvss3_vector: words,
      overview: words,
    })
    .nullish(),
  license: z.object({ name: words, id: words }).nullish().catch(undefined),
  vulnerable_method: flag,
  _links: z
    .object({ html: z.object({ href: words }).nullish() })
    .nullish()
    .catch(undefined),
});

export function veracodeIssue(value: unknown): {
  drafts: readonly Draft[];
  project: string | undefined;
} {
  const one = Issue.parse(value);
  const { library, vulnerability, license } = one;
  const cve = vulnerability?.cve;
  const names = vulnerability
    ? namesOf([
        cve === undefined ? undefined : /^\d{4}-\d/.test(cve) ? `CVE-${cve}` : cve,
        vulnerability.id === undefined ? vulnerability.title : `SID-${vulnerability.id}`,
      ])
    : {
        rule: `${one.issue_type ?? "issue"}${license?.name === undefined ? "" : `: ${license.name}`}`,
        aliases: [],
      };
  const link = one._links?.html?.href;
  const draft: Draft = {
    kind: one.issue_type === "license" ? "license" : "dependency",
    ...names,
    ...rank([
      { score: one.severity },
      { score: vulnerability?.cvss3_score, vector: vulnerability?.cvss3_vector, method: "3.0" },
      { score: vulnerability?.cvss2_score, vector: vulnerability?.cvss2_vector, method: "2.0" },
    ]),
    title: vulnerability?.title ?? names.rule,
    message: vulnerability?.overview ?? "",
    place: libraryPlace(library?.id, library?.name, library?.version),
    cwe: [Number(/\d+/.exec(vulnerability?.cwe_id ?? "")?.[0])],
    references: link === undefined ? [] : [link],
    suppressed: one.ignored ?? false,
    ...(one.vulnerable_method === undefined
      ? {}
      : { reachable: one.vulnerable_method || undefined }),
    ...(one.id === undefined ? {} : { fingerprints: { "veracode-sca/issue": one.id } }),
    ...(one.issue_status?.toLowerCase() === "fixed" ? { claim: { status: "fixed" as const } } : {}),
  };
  return { drafts: [draft], project: one.project_name };
}

/** `maven:org.apache.calcite.avatica:avatica-core:1.11.0:` */
function libraryPlace(
  id = "",
  name: string | undefined,
  version: string | undefined,
): Draft["place"] {
  const [type = "", first = "", second = ""] = id.split(":", 3);
  const plain = type === "maven" && second !== "" ? `${first}:${second}` : first;
  const purl = makePackageUrl(type, plain, version);
  return packagePlace({ ...(purl === undefined ? { name: plain || name } : {}), version, purl });
}

/** A finding of an uploaded application, by REST (`/appsec/v2/applications/…/findings`). */
const Finding = z.object({
  scan_type: words,
  description: words,
  finding_status: z
    .object({ status: words, resolution: words, resolution_status: words })
    .nullish()
    .catch(undefined),
  finding_details: z
    .object({
      severity: number,
      cwe: z.object({ id: number }).nullish().catch(undefined),
      cve: z
        .object({
          name: words,
          cvss: number,
          href: words,
          severity: words,
          vector: words,
          cvss3: z
            .object({ score: number, severity: words, vector: words })
            .nullish()
            .catch(undefined),
        })
        .nullish(),
      licenses: z.unknown().optional(),
      component_filename: words,
      component_path: listOf(z.object({ path: words })).catch([]),
      version: words,
    })
    .nullish(),
});

/** Veracode's numbers of severity: 5 is very high. */
const grades: readonly Severity[] = ["info", "info", "low", "medium", "high", "critical"];

/** Undefined for a finding of another kind of scan. */
export function veracodeHits(value: unknown): readonly Draft[] | undefined {
  const one = Finding.parse(value);
  const details = one.finding_details;
  if (one.scan_type?.toUpperCase() !== "SCA" || !details) return undefined;
  const { cve, component_filename: file = "unnamed", component_path: paths, version } = details;
  const { rule, aliases } = namesOf([cve?.name]);
  const { severity, cvss } = rank([
    { word: grades[details.severity ?? -1] },
    {
      word: cve?.cvss3?.severity,
      score: cve?.cvss3?.score,
      vector: cve?.cvss3?.vector,
      method: "3.0",
    },
    { score: cve?.cvss, vector: cve?.vector, method: "2.0" },
  ]);
  const status = one.finding_status;
  const gone = status?.status?.toUpperCase() === "CLOSED";
  const name =
    version !== undefined && file.includes(`-${version}`)
      ? file.slice(0, file.indexOf(`-${version}`))
      : file;
  return [
    {
      kind: "dependency",
      rule,
      aliases,
      severity,
      cvss,
      title: one.description ?? rule,
      message: one.description ?? "",
      place: packagePlace({ name, version, path: paths[0]?.path }),
      cwe: [details.cwe?.id ?? 0],
      references: cve?.href === undefined ? [] : [cve.href],
      suppressed: status?.resolution_status?.toUpperCase() === "APPROVED",
      ...(gone ? { claim: { status: "fixed" as const } } : {}),
    },
  ];
}
