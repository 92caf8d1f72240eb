import type { Draft } from "../../observe.ts";
import type { Reader, Summary } from "../format.ts";
import { namesIn, namesOf } from "../package-names.ts";
import { type Rating, rank } from "../package-ratings.ts";
import { makePackageUrl, packagePlace } from "../package-url.ts";
import { Dependency, Frame, type Vulnerability } from "./schema.ts";

/** One hit for each vulnerability of each dependency; those that somebody suppressed stay, and say so. */
export function readReport(value: unknown, turn: (item: unknown) => unknown): Reader {
  const frame = Frame.parse(value);
  let packages = 0;
  return {
    item(one) {
      const dependency = Dependency.parse(turn(one));
      packages += 1;
      const place = placeOf(dependency);
      return [
        ...dependency.vulnerabilities.map((each) => hitOf(each, place, false)),
        ...dependency.suppressedVulnerabilities.map((each) => hitOf(each, place, true)),
      ];
    },
    end: () => summaryOf(frame, packages),
  };
}

function summaryOf({ scanInfo, projectInfo, dependencies }: Frame, packages: number): Summary {
  const failed = scanInfo?.analysisExceptions ?? [];
  const why = failed.find(({ exception }) => exception?.message !== undefined)?.exception?.message;
  const missing = !dependencies
    ? "it has no list of dependencies"
    : failed.length === 0
      ? undefined
      : `its analysis met ${failed.length === 1 ? "an error" : `${failed.length} errors`}: ${why ?? "no reason given"}`;
  const { groupID: group, artifactID: artifact, name, reportDate } = projectInfo ?? {};
  const subject = group === undefined || artifact === undefined ? name : `${group}:${artifact}`;
  return {
    complete: missing === undefined,
    ...(missing === undefined ? {} : { missing: missing.slice(0, 500) }),
    tool: { name: "dependency-check", version: scanInfo?.engineVersion ?? "unknown" },
    exercised: { packages },
    ...(subject === undefined ? {} : { subject }),
    ...(reportDate === undefined ? {} : { madeAt: reportDate }),
  };
}

const confidences = ["highest", "high", "medium", "low"];

function placeOf({ fileName, filePath, packages, vulnerabilityIds }: Dependency) {
  const surest = (ids: Dependency["packages"]) =>
    ids
      .map(({ id, confidence }) => ({
        id: id ?? "",
        rank: (confidences.indexOf(confidence?.toLowerCase() ?? "") + 5) % 5,
      }))
      .toSorted((one, other) => one.rank - other.rank)
      .map(({ id }) => id);
  const path = filePath;
  const purl = surest(packages)
    .map(purlOf)
    .find((one) => one !== undefined);
  if (purl !== undefined) return packagePlace({ purl, path });
  const cpe = surest(vulnerabilityIds)
    .map(cpeOf)
    .find((one) => one !== undefined);
  return packagePlace({ name: cpe?.name ?? fileName, version: cpe?.version, path });
}

/** A package URL, or the older `maven:group:artifact:version`. */
function purlOf(id: string): string | undefined {
  if (id.startsWith("pkg:")) return id;
  const [, type = "", group = "", artifact = "", version = ""] =
    /^(maven):([^:\s]+):([^:\s]+):([^:\s]+)$/.exec(id) ??
    /^(npm|nuget|composer|gem|pypi|npm)():([^:\s]+):([^:\s]+)$/.exec(id) ??
    [];
  return makePackageUrl(type, group === "" ? artifact : `${group}:${artifact}`, version);
}

/** `cpe:2.3:a:vendor:product:version:…` and `cpe:/a:vendor:product:version`. */
function cpeOf(id: string): { name: string; version: string | undefined } | undefined {
  const [, name, version] = /^cpe:(?:2\.3:|\/)[aoh]:[^:]+:([^:]+)(?::([^:]+))?/.exec(id) ?? [];
  if (name === undefined) return undefined;
  return {
    name: name.replaceAll("\\", ""),
    version:
      version === undefined || /^[*-]$/.test(version) ? undefined : version.replaceAll("\\", ""),
  };
}

function hitOf(one: Vulnerability, place: Draft["place"], suppressed: boolean): Draft {
  const links = one.references.flatMap(({ url }) => url ?? []);
  // Records of npm and OSS Index name the CVE in an address only.
  const named = namesOf([one.name]);
  const { rule, aliases } = /^CVE-/i.test(named.rule)
    ? named
    : namesOf([
        one.name,
        ...(one.source === "NPM" || one.source === "OSSINDEX" ? links.flatMap(namesIn) : []),
      ]);
  return {
    kind: "dependency",
    rule,
    aliases,
    ...rank(ratingsOf(one)),
    title: one.description?.slice(0, 512) ?? rule,
    message: [one.description, one.notes].filter(Boolean).join("\n\n"),
    place,
    cwe: [...one.cwes, one.cwe].map((cwe) => Number(/\d+/.exec(cwe ?? "")?.[0])),
    fixedIn: one.vulnerableSoftware.find(
      ({ software }) => software?.vulnerabilityIdMatched === "true",
    )?.software?.versionEndExcluding,
    references: links,
    suppressed,
  };
}

function ratingsOf(one: Vulnerability): readonly Rating[] {
  return [
    { word: one.severity },
    ...(one.cvssScore === undefined ? [] : [{ score: one.cvssScore, method: "2.0" }]),
    ...[one.cvssv2, one.cvssv3, one.cvssv4].flatMap((cvss, index) =>
      cvss ? [ratingOf(cvss, index + 2)] : [],
    ),
  ];
}

/** Its own metrics, word by word: they are put together to the vector that they are. */
function ratingOf(cvss: Record<string, unknown>, major: number): Rating {
  const value = (key: string) => {
    const found = Object.hasOwn(cvss, key) ? cvss[key] : undefined;
    return typeof found === "string" || typeof found === "number"
      ? String(found).trim()
      : undefined;
  };
  const score = Number(value("baseScore") ?? value("score") ?? NaN);
  const minor = value("version") ?? (major === 3 ? "3.1" : `${major}.0`);
  // Its template writes some keys with a stray `>`.
  const word = value("baseSeverity") ?? value("baseSeverity>") ?? value("severity");
  const letters = metrics.map(([key, name]) => [name, value(key)?.[0]?.toUpperCase()] as const);
  const vector = letters.every(([, letter]) => letter !== undefined)
    ? letters.map(([name, letter]) => `${name}:${letter}`).join("/")
    : undefined;
  return {
    ...(word === undefined ? {} : { word }),
    ...(Number.isFinite(score) ? { score } : {}),
    ...(major === 3 && vector !== undefined ? { vector } : {}),
    method: minor,
  };
}

const metrics: readonly (readonly [string, string])[] = [
  ["attackVector", "AV"],
  ["attackComplexity", "AC"],
  ["privilegesRequired", "PR"],
  ["userInteraction", "UI"],
  ["scope", "S"],
  ["confidentialityImpact", "C"],
  ["integrityImpact", "I"],
  ["availabilityImpact", "A"],
];
