import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import type { Part } from "../../identity/scope.ts";
import { cvssOf, cweIn, type Draft, imageName, severityOfWord } from "../../observe.ts";
import {
  fieldsOf,
  type Format,
  isRecord,
  type ItemPath,
  type ItemPlace,
  valuesOf,
} from "../format.ts";

const links = z.array(z.string()).nullish().catch(undefined);

const Vulnerability = z.object({
  /** Old versions leave it out for what has no number anywhere: a hit all the same. */
  VulnerabilityID: z.string().default(""),
  VendorIDs: z.array(z.string()).nullish(),
  PkgName: z.string(),
  PkgPath: z.string().nullish(),
  PkgIdentifier: z.object({ PURL: z.string().optional() }).nullish(),
  InstalledVersion: z.string().default(""),
  FixedVersion: z.string().nullish(),
  Title: z.string().nullish(),
  Description: z.string().nullish(),
  Severity: z.string().optional(),
  CweIDs: z.array(z.string()).nullish(),
  CVSS: z
    .record(
      z.string(),
      z.object({
        V2Vector: z.string().optional(),
        V2Score: z.number().optional(),
        V3Vector: z.string().optional(),
        V3Score: z.number().optional(),
        V40Vector: z.string().optional(),
        V40Score: z.number().optional(),
      }),
    )
    .nullish()
    .catch(undefined),
  PrimaryURL: z.string().nullish().catch(undefined),
  References: links,
});

const Misconfiguration = z.object({
  ID: z.string(),
  AVDID: z.string().nullish(),
  Title: z.string().nullish(),
  Message: z.string().nullish(),
  Severity: z.string().optional(),
  Status: z.string().default("FAIL"),
  PrimaryURL: z.string().nullish().catch(undefined),
  References: links,
  CauseMetadata: z
    .object({
      StartLine: z.number().nullish(),
      Resource: z.string().nullish(),
      Code: z
        .object({ Lines: z.array(z.object({ Content: z.string().default("") })).nullish() })
        .nullish()
        .catch(undefined),
    })
    .nullish(),
});

/** The matching line, masked, is not read: it is of no use and may hold more than the secret. */
const Secret = z.object({
  RuleID: z.string(),
  Title: z.string().nullish(),
  Severity: z.string().optional(),
  StartLine: z.number().nullish(),
});

const License = z.object({
  Name: z.string(),
  PkgName: z.string().default(""),
  FilePath: z.string().default(""),
  Severity: z.string().optional(),
  Category: z.string().default(""),
});

const lists = ["Vulnerabilities", "Misconfigurations", "Secrets", "Licenses"] as const;
const list = z.tuple([]).nullish();
const Result = z.object({
  /** Without it anything in a list would be a result without a hit. */
  Target: z.string(),
  /** What was looked for there; a result stands here for a file without a hit as well. */
  Class: z.string().optional().catch(undefined),
  Vulnerabilities: list,
  Misconfigurations: list,
  Secrets: list,
  Licenses: list,
});

const Resource = z.object({
  Namespace: z.string().nullish(),
  Kind: z.string().default(""),
  Name: z.string().default(""),
  Results: z.array(Result).nullish(),
});
type Resource = z.infer<typeof Resource>;

const groups = ["Vulnerabilities", "Misconfigurations", "Resources"] as const;
const text = z.string().optional().catch(undefined);

const Frame = z.union([
  z.object({
    SchemaVersion: z.number(),
    CreatedAt: text,
    ArtifactName: text,
    ArtifactType: text,
    Trivy: z.object({ Version: z.string().optional() }).optional().catch(undefined),
    Results: z.array(Result).nullish(),
  }),
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
type Frame = z.infer<typeof Frame>;

/** Where results stand, each with its lists; packages that are merely listed are not kept. */
const items: readonly ItemPath[] = [
  ["Results", "*"],
  ["*"],
  ...groups.map((group) => [group, "*", "Results", "*"]),
].flatMap((before) => [...lists, "Packages"].map((one) => ({ path: [...before, one, "*"] })));

/** `trivy --format json`: vulnerable packages, failed misconfiguration checks, secrets and licences, of a folder, an image or a cluster. */
export const trivy: Format = {
  id: "trivy",
  title: "Trivy (JSON)",
  syntax: "json",
  items,
  recognise(sample) {
    const fields = fieldsOf(sample);
    if (fields !== undefined) {
      return (
        (typeof fields["SchemaVersion"] === "number" && "ArtifactName" in fields) ||
        (typeof fields["ClusterName"] === "string" && groups.some((group) => group in fields))
      );
    }
    const [first] = sample.syntax === "json" ? (valuesOf(sample) ?? []) : [];
    return isRecord(first) && "Target" in first && lists.some((one) => one in first);
  },
  open(value) {
    const frame = Frame.parse(value);
    return {
      item(one, at) {
        const kind = lists[at.item % (lists.length + 1)];
        return kind === undefined ? [] : hitsOf[kind](one, targetOf(frame, at));
      },
      end: () => ({ ...aboutIn(frame), complete: true }),
    };
  },
};

function aboutIn(frame: Frame) {
  if (frame === null || Array.isArray(frame)) return {};
  if ("ClusterName" in frame) return frame.ClusterName === "" ? {} : { subject: frame.ClusterName };
  const { ArtifactName: name, ArtifactType: type, CreatedAt: madeAt, Trivy: tool } = frame;
  const part = partOf(frame.Results ?? []);
  return {
    ...(part === undefined ? {} : { part }),
    ...(name ? { subject: type === "container_image" ? imageName(name) : name } : {}),
    ...(madeAt === undefined ? {} : { madeAt }),
    ...(tool?.Version === undefined ? {} : { tool: { name: "trivy", version: tool.Version } }),
  };
}

/**
 * `trivy config` of a folder knows nothing of the packages that `trivy fs` saw there, and `--scanners secret` nothing of
 * either. By the classes that stand in a report whether there are hits or not; where secrets were looked for and none was
 * found, no report says so.
 */
function partOf(results: readonly z.infer<typeof Result>[]): Part | undefined {
  const classes = new Set(results.map((one) => one.Class));
  const packages = classes.has("os-pkgs") || classes.has("lang-pkgs") || classes.has(undefined);
  if (classes.has("config")) {
    return packages ? "packages and misconfigurations" : "misconfigurations";
  }
  return packages ? undefined : "secrets and licences";
}

/** The name of the result that an item stands in, as the frame has it. */
function targetOf(frame: Frame, { item, keys }: ItemPlace): string {
  const [first, second] = keys.map(Number);
  if (frame === null || Array.isArray(frame)) return frame?.[first ?? 0]?.Target ?? "";
  if ("SchemaVersion" in frame) return frame.Results?.[first ?? 0]?.Target ?? "";
  const group = groups[Math.floor(item / (lists.length + 1)) - 2];
  const resource = group === undefined ? undefined : frame[group]?.[first ?? 0];
  if (resource === undefined) return "";
  const { Namespace, Kind, Name, Results } = resource;
  return [Namespace ?? "", Kind, Name, Results?.[second ?? 0]?.Target ?? ""]
    .filter((part) => part !== "")
    .join("/");
}

/** States of a misconfiguration check that are no hits. */
const passing: ReadonlySet<string> = new Set(["PASS", "EXCEPTION"]);

const words: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  medium: "medium",
  low: "low",
};

const hitsOf: Readonly<
  Record<(typeof lists)[number], (value: unknown, target: string) => readonly Draft[]>
> = {
  Vulnerabilities(value, target) {
    const one = Vulnerability.parse(value);
    return [
      {
        rule: one.VulnerabilityID,
        severity: severityOfWord(words, one.Severity),
        title: `${one.PkgName} ${one.InstalledVersion}: ${one.Title ?? one.VulnerabilityID}`,
        message: one.Description ?? one.Title ?? "",
        place: {
          kind: "package",
          name: one.PkgName,
          version: one.InstalledVersion,
          purl: one.PkgIdentifier?.PURL,
          path: one.PkgPath ?? target,
        },
        cwe: cweIn(one.CweIDs ?? []),
        aliases: [one.VulnerabilityID, ...(one.VendorIDs ?? [])].filter((id) => id !== ""),
        fixedIn: one.FixedVersion ?? undefined,
        cvss: Object.values(one.CVSS ?? {}).flatMap((from) => [
          ...cvssOf(from.V40Score, from.V40Vector, "4.0"),
          ...cvssOf(from.V3Score, from.V3Vector, "3.0"),
          ...cvssOf(from.V2Score, from.V2Vector, "2.0"),
        ]),
        references: [one.PrimaryURL ?? "", ...(one.References ?? [])],
      },
    ];
  },
  Misconfigurations(value, target) {
    const one = Misconfiguration.parse(value);
    if (passing.has(one.Status.toUpperCase())) return [];
    const { StartLine, Resource: scope, Code } = one.CauseMetadata ?? {};
    return [
      {
        rule: one.ID,
        kind: "infrastructure",
        severity: severityOfWord(words, one.Severity),
        title: one.Title ?? one.ID,
        message: one.Message ?? "",
        place: { kind: "file", path: target, line: StartLine ?? undefined },
        aliases: one.AVDID === null || one.AVDID === undefined ? [] : [one.AVDID],
        scope: scope ?? undefined,
        snippet: Code?.Lines?.map(({ Content }) => Content).join("\n"),
        references: [one.PrimaryURL ?? "", ...(one.References ?? [])],
      },
    ];
  },
  Secrets(value, target) {
    const one = Secret.parse(value);
    return [
      {
        rule: one.RuleID,
        kind: "secret",
        severity: severityOfWord(words, one.Severity),
        title: one.Title ?? `a secret: ${one.RuleID}`,
        place: { kind: "file", path: target, line: one.StartLine ?? undefined },
        cwe: [798],
      },
    ];
  },
  Licenses(value, target) {
    const one = License.parse(value);
    return [
      {
        rule: one.Name,
        kind: "license",
        severity: severityOfWord(words, one.Severity),
        title: `${one.PkgName || one.FilePath || target}: licence ${one.Name}`,
        message: one.Category,
        place:
          one.PkgName === ""
            ? { kind: "file", path: one.FilePath || target }
            : { kind: "package", name: one.PkgName, version: "", path: one.FilePath || target },
      },
    ];
  },
};
