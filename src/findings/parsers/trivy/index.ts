import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cweIn, observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const Result = z.object({
  /** Without it anything in a list would be a result without a hit. */
  Target: z.string(),
  Vulnerabilities: z
    .array(
      z.object({
        VulnerabilityID: z.string(),
        VendorIDs: z.array(z.string()).nullish(),
        PkgName: z.string(),
        PkgPath: z.string().nullish(),
        PkgIdentifier: z.object({ PURL: z.string().optional() }).nullish(),
        InstalledVersion: z.string().default(""),
        FixedVersion: z.string().nullish(),
        Title: z.string().nullish(),
        Description: z.string().nullish(),
        Severity: z.string().default("UNKNOWN"),
        CweIDs: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
  Misconfigurations: z
    .array(
      z.object({
        ID: z.string(),
        AVDID: z.string().nullish(),
        Title: z.string().nullish(),
        Message: z.string().nullish(),
        Severity: z.string().default("UNKNOWN"),
        Status: z.string().default("FAIL"),
        CauseMetadata: z.object({ StartLine: z.number().nullish() }).nullish(),
      }),
    )
    .nullish(),
  /** The matching line, masked, is not read: it is of no use and may hold more than the secret. */
  Secrets: z
    .array(
      z.object({
        RuleID: z.string(),
        Title: z.string().nullish(),
        Severity: z.string().default("UNKNOWN"),
        StartLine: z.number().nullish(),
      }),
    )
    .nullish(),
});
type Result = z.infer<typeof Result>;

const Resource = z.object({
  Namespace: z.string().nullish(),
  Kind: z.string().default(""),
  Name: z.string().default(""),
  Results: z.array(Result).nullish(),
});

const Report = z.union([
  z.object({ SchemaVersion: z.number(), Results: z.array(Result).nullish() }),
  /** Of a cluster. */
  z.object({
    ClusterName: z.string(),
    Vulnerabilities: z.array(Resource).nullish(),
    Misconfigurations: z.array(Resource).nullish(),
    Resources: z.array(Resource).nullish(),
  }),
  /** Before its schema had a version; `null` for nothing at all. */
  z.array(Result).nullable(),
]);

/** States of a misconfiguration check that are no hits. */
const kept: ReadonlySet<string> = new Set(["PASS", "EXCEPTION"]);

const words: Readonly<Record<string, Severity>> = {
  CRITICAL: "critical",
  HIGH: "high",
  MEDIUM: "medium",
  LOW: "low",
};

/** `trivy --format json`: vulnerable packages, failed misconfiguration checks and secrets, of a folder or a cluster. */
export const trivy: Parser = {
  format: "trivy",
  parse(text) {
    const report = Report.parse(parseJson(text));
    return { observations: resultsIn(report).flatMap(hitsOf), complete: true };
  },
};

function resultsIn(report: z.infer<typeof Report>): readonly Result[] {
  if (report === null) return [];
  if (Array.isArray(report)) return report;
  if ("SchemaVersion" in report) return report.Results ?? [];
  const { Vulnerabilities, Misconfigurations, Resources } = report;
  return [Vulnerabilities, Misconfigurations, Resources].flatMap((list) =>
    (list ?? []).flatMap(({ Namespace, Kind, Name, Results }) =>
      (Results ?? []).map((one) => ({
        ...one,
        Target: [Namespace ?? "", Kind, Name, one.Target].filter((part) => part !== "").join("/"),
      })),
    ),
  );
}

function hitsOf({ Target, Vulnerabilities, Misconfigurations, Secrets }: Result) {
  const failed = (Misconfigurations ?? []).filter(({ Status }) => !kept.has(Status.toUpperCase()));
  return [
    ...(Vulnerabilities ?? []).map((one) =>
      observe({
        rule: one.VulnerabilityID,
        ...severityOf(one.Severity),
        title: `${one.PkgName} ${one.InstalledVersion}: ${one.Title ?? one.VulnerabilityID}`,
        message: one.Description ?? one.Title ?? "",
        place: {
          kind: "package",
          name: one.PkgName,
          version: one.InstalledVersion,
          purl: one.PkgIdentifier?.PURL,
          path: one.PkgPath ?? Target,
        },
        cwe: cweIn(one.CweIDs ?? []),
        aliases: [one.VulnerabilityID, ...(one.VendorIDs ?? [])],
        fixedIn: one.FixedVersion ?? undefined,
      }),
    ),
    ...failed.map((one) =>
      observe({
        rule: one.ID,
        ...severityOf(one.Severity),
        title: one.Title ?? one.ID,
        message: one.Message ?? "",
        place: { kind: "file", path: Target, line: one.CauseMetadata?.StartLine ?? undefined },
        aliases: one.AVDID === null || one.AVDID === undefined ? [] : [one.AVDID],
      }),
    ),
    ...(Secrets ?? []).map((one) =>
      observe({
        rule: one.RuleID,
        ...severityOf(one.Severity),
        title: one.Title ?? `a secret: ${one.RuleID}`,
        place: { kind: "file", path: Target, line: one.StartLine ?? undefined },
        cwe: [798],
      }),
    ),
  ];
}

function severityOf(word: string): { severity: Severity; severityStated: boolean } {
  const stated = words[word.toUpperCase()];
  return { severity: stated ?? "high", severityStated: stated !== undefined };
}
