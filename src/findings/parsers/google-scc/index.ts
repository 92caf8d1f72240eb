import { z } from "zod";
import type { FindingKind } from "../../../model/observation.ts";
import { type Draft, severityOfScore } from "../../observe.ts";
import { type Format, type Reader, valuesOf } from "../format.ts";
import { severityOfWord } from "../severity-words.ts";
import { Subjects } from "../subjects.ts";

const text = z.string().nullish();

const Finding = z.object({
  name: z.string(),
  canonicalName: text,
  parent: text,
  resourceName: text,
  state: text,
  category: text,
  externalUri: text,
  severity: text,
  mute: text,
  findingClass: text,
  description: text,
  nextSteps: text,
  vulnerability: z
    .object({
      cve: z
        .object({
          id: text,
          references: z.array(z.object({ uri: text })).nullish(),
          cvssv3: z.object({ baseScore: z.number().nullish() }).nullish(),
        })
        .nullish(),
      offendingPackage: z.object({ packageName: text, packageVersion: text }).nullish(),
      fixedPackage: z.object({ packageVersion: text }).nullish(),
    })
    .nullish(),
});
type FindingType = z.infer<typeof Finding>;

/** `listFindings` wraps a finding with its resource; an export holds it bare. */
const Item = z.union([
  z.object({ finding: Finding, resource: z.object({ name: text }).nullish() }),
  Finding.transform((finding) => ({ finding, resource: undefined })),
]);

const Likeness = z.object({
  name: z.string().regex(/^(organizations|folders|projects)\/[^/]+\/sources\//),
  category: z.string(),
});
const isFinding = (value: unknown): boolean =>
  Likeness.safeParse(value).success || z.object({ finding: Likeness }).safeParse(value).success;

const Page = z.object({ nextPageToken: text });
const List = z.object({ listFindingsResults: z.array(z.unknown()) });
const Findings = z.object({ findings: z.array(z.unknown()).min(1) });

/**
 * Findings of Google Cloud's Security Command Center (v1 and v2): `ListFindingsResponse`, the array that
 * `gcloud scc findings list --format=json` prints, and notifications one a line. INACTIVE ones are stated as fixed,
 * muted ones are hits marked as suppressed; class SCC_ERROR says that a detector could not look.
 */
export const googleScc: Format = {
  id: "google-scc",
  title: "Google Security Command Center (JSON)",
  syntax: "json",
  items: [{ path: ["listFindingsResults", "*"] }, { path: ["findings", "*"] }],
  recognise(sample) {
    if (sample.syntax !== "json") return false;
    const page = List.safeParse(sample.value);
    if (page.success) return true;
    const bare = Findings.safeParse(sample.value);
    return bare.success && isFinding(bare.data.findings[0]);
  },
  open: (frame) => reader(Boolean(Page.parse(frame).nextPageToken)),
};

export const googleSccLines: Format = {
  id: "google-scc-lines",
  title: "Google Security Command Center (array of gcloud, or a finding a line)",
  syntax: "lines",
  recognise: (sample) => isFinding(valuesOf(sample)?.[0]),
  open: () => reader(false),
};

function reader(moreFollow: boolean): Reader {
  const parents = new Subjects();
  let blind = 0;
  return {
    item(value) {
      const { finding, resource } = Item.parse(value);
      parents.add(/^[^/]+\/[^/]+/.exec(finding.name)?.[0]);
      if (finding.findingClass === "SCC_ERROR" && finding.state !== "INACTIVE") {
        blind += 1;
        return [];
      }
      return [draftOf(finding, resource?.name ?? finding.resourceName ?? "unknown")];
    },
    end() {
      const missing = [
        ...(moreFollow ? ["further pages of it are not here (nextPageToken)"] : []),
        ...(blind > 0 ? [`${blind} detectors report that they cannot look (SCC_ERROR)`] : []),
      ].join("; ");
      return {
        tool: { name: "google-scc", version: "unknown" },
        ...parents.summary,
        complete: missing === "",
        ...(missing === "" ? {} : { missing }),
      };
    },
  };
}

const kinds: ReadonlyMap<string, FindingKind> = new Map([
  ["THREAT", "runtime"],
  ["CHOKEPOINT", "infrastructure"],
  ["VULNERABILITY", "infrastructure"],
]);

function draftOf(finding: FindingType, resource: string): Draft {
  const { vulnerability, severity } = finding;
  const cve = vulnerability?.cve;
  const score = cve?.cvssv3?.baseScore;
  const part = vulnerability?.offendingPackage;
  const inPackage = part?.packageName ? { name: part.packageName } : null;
  const links = [finding.externalUri, ...(cve?.references ?? []).map(({ uri }) => uri)];
  return {
    rule: cve?.id ?? finding.category ?? "",
    // SEVERITY_UNSPECIFIED, or none: what the CVE's score says, else nobody knows.
    severity: severityOfWord(severity) ?? severityOfScore(score ?? null),
    title: finding.category ?? undefined,
    message: [finding.description, finding.nextSteps].filter(Boolean).join("\n"),
    place: inPackage
      ? { kind: "package", ...inPackage, version: part?.packageVersion ?? "" }
      : { kind: "resource", name: resource },
    kind: inPackage ? "dependency" : (kinds.get(finding.findingClass ?? "") ?? "infrastructure"),
    scope: resource,
    aliases: cve?.id ? [cve.id] : [],
    references: links.flatMap((link) => (link ? [link] : [])),
    fingerprints: { "scc-name": finding.canonicalName ?? finding.name },
    suppressed: finding.mute === "MUTED",
    ...(score === null || score === undefined ? {} : { cvss: [{ version: "3.1", score }] }),
    ...(vulnerability?.fixedPackage?.packageVersion
      ? { fixedIn: vulnerability.fixedPackage.packageVersion }
      : {}),
    ...(finding.state === "INACTIVE"
      ? { claim: { status: "fixed", statement: "the finding is inactive" } }
      : {}),
  };
}
