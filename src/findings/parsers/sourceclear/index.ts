import { z } from "zod";
import type { Draft } from "../../observe.ts";
import { type Format, fieldsOf, isRecord } from "../format.ts";
import { listOf, number, words } from "../lenient.ts";
import { packageIndex } from "../package-index.ts";
import { namesOf } from "../package-names.ts";
import { rank } from "../package-ratings.ts";
import { makePackageUrl, packagePlace } from "../package-url.ts";
import { veracodeHits, veracodeIssue } from "./veracode.ts";

const Library = z.object({
  name: words,
  coordinateType: words,
  coordinate1: words,
  coordinate2: words,
  versions: listOf(z.object({ version: words })),
});

const Vulnerability = z.object({
  id: words,
  cve: words,
  title: words,
  overview: words,
  cvssScore: number,
  cvss3Score: number,
  cvss3_score: number,
  vulnerabilityTypes: listOf(words).catch([]),
  libraries: listOf(
    z.object({
      details: listOf(z.object({ updateToVersion: words, fixText: words })).catch([]),
      _links: z.object({ ref: words }).nullish().catch(undefined),
    }),
  ),
  _links: z.object({ html: words }).nullish().catch(undefined),
});

const Page = z.object({ total_pages: number, number: number }).nullish().catch(undefined);

/**
 * Veracode SCA, once SourceClear: what `srcclr scan --json` writes, and issues and findings as Veracode's REST
 * interface lists them.
 */
export const sourceclear: Format = {
  id: "sourceclear",
  title: "Veracode SCA (SourceClear)",
  syntax: "json",
  items: [
    { path: ["records", "*", "libraries", "*"] },
    { path: ["records", "*", "vulnerabilities", "*"], pass: 2 },
    { path: ["_embedded", "issues", "*"] },
    { path: ["_embedded", "findings", "*"] },
    { path: ["findings", "*"] },
  ],
  recognise: (sample) => isReport(fieldsOf(sample)),
  open(value) {
    if (!isRecord(value) || !hasList(value))
      throw new Error("it has no records, issues or findings");
    const page = Page.parse(value["page"]);
    const records = list(value["records"]);
    const unsaid = records.some((one) => !isRecord(one) || !Array.isArray(one["vulnerabilities"]));
    const known = packageIndex();
    const subjects = new Set<string>();
    let others = 0;
    return {
      item(one, { item, keys }) {
        const [record = 0, index = 0] = keys;
        switch (item) {
          case 0:
            addLibrary(known, `${record}/${index}`, Library.parse(one));
            return [];
          case 1:
            return hitsOf(Vulnerability.parse(one), known, Number(record));
          case 2: {
            const { drafts, project } = veracodeIssue(one);
            if (project !== undefined && subjects.size < 8) subjects.add(project);
            return drafts;
          }
          default: {
            const drafts = veracodeHits(one);
            if (drafts === undefined) others += 1;
            return drafts ?? [];
          }
        }
      },
      end() {
        const pages = page?.total_pages ?? 1;
        const missing =
          pages > 1
            ? `it is page ${(page?.number ?? 0) + 1} of ${pages}`
            : others > 0
              ? `${others} of its findings are of other scans than SCA`
              : unsaid
                ? "a record of it has no list of vulnerabilities"
                : undefined;
        return {
          complete: missing === undefined,
          ...(missing === undefined ? {} : { missing }),
          tool: { name: "veracode-sca", version: "unknown" },
          ...(subjects.size === 0 ? {} : { subject: [...subjects].toSorted().join(", ") }),
        };
      },
    };
  },
};

function isReport(value: Readonly<Record<string, unknown>> | undefined): boolean {
  if (value === undefined) return false;
  const [record] = list(value["records"]);
  if (isRecord(record)) {
    // The graph of a large project comes before them, and may be all that one looks at.
    const { metadata } = record;
    return "libraries" in record || (isRecord(metadata) && metadata["recordType"] === "SCAN");
  }
  const embedded = value["_embedded"];
  const [issue] = isRecord(embedded) ? list(embedded["issues"]) : [];
  if (isRecord(issue)) return "issue_type" in issue && "library" in issue;
  const [finding] = [
    ...(isRecord(embedded) ? list(embedded["findings"]) : []),
    ...list(value["findings"]),
  ];
  return (
    isRecord(finding) && finding["scan_type"] === "SCA" && isRecord(finding["finding_details"])
  );
}

function hasList(value: Readonly<Record<string, unknown>>): boolean {
  const embedded = value["_embedded"];
  return [
    value["records"],
    value["findings"],
    ...(isRecord(embedded) ? [embedded["issues"], embedded["findings"]] : []),
  ].some(Array.isArray);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function addLibrary(
  known: ReturnType<typeof packageIndex>,
  key: string,
  { name, coordinateType, coordinate1, coordinate2, versions }: z.infer<typeof Library>,
): void {
  const coordinates = [coordinate1, coordinate2].filter(Boolean).join(":");
  const plain = coordinates === "" ? (name ?? "") : coordinates;
  for (const [index, { version }] of (versions.length === 0
    ? [{ version: undefined }]
    : versions
  ).entries()) {
    known.add(`${key}/${index}`, {
      ...named(plain, makePackageUrl(coordinateType ?? "", plain, version)),
      version,
    });
  }
}

function named(name: string, purl: string | undefined) {
  return purl === undefined ? { name } : { purl };
}

/** One for each library: `/records/0/libraries/31/versions/0`. */
function hitsOf(
  one: z.infer<typeof Vulnerability>,
  known: ReturnType<typeof packageIndex>,
  record: number,
): readonly Draft[] {
  const { rule, aliases } = namesOf([
    one.cve === undefined ? undefined : /^\d{4}-\d/.test(one.cve) ? `CVE-${one.cve}` : one.cve,
    one.id === undefined ? undefined : `SID-${one.id}`,
    // Without either its title is its only name.
    ...(one.cve === undefined && one.id === undefined ? [one.title] : []),
  ]);
  const shared = {
    kind: "dependency" as const,
    rule,
    aliases,
    ...rank([
      { score: one.cvss3Score ?? one.cvss3_score, method: "3.0" },
      { score: one.cvssScore, method: "2.0" },
    ]),
    title: one.title ?? rule,
    message: one.overview ?? "",
    references: one._links?.html === undefined ? [] : [one._links.html],
  };
  const libraries = one.libraries.length > 0 ? one.libraries : [{ details: [], _links: undefined }];
  return libraries.map(({ details, _links }) => {
    const [, where, library, version = "0"] =
      /^\/records\/(\d{1,9})\/libraries\/(\d{1,9})(?:\/versions\/(\d{1,9}))?/.exec(
        _links?.ref ?? "",
      ) ?? [];
    const found =
      library === undefined ? undefined : known.get(`${where ?? record}/${library}/${version}`);
    return {
      ...shared,
      place: packagePlace(found ?? { name: _links?.ref }),
      fixedIn: details.find(({ updateToVersion }) => updateToVersion !== undefined)
        ?.updateToVersion,
    };
  });
}
