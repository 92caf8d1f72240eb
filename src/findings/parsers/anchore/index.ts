import { z } from "zod";
import { type Draft, imageName } from "../../observe.ts";
import { distributionOf } from "../distribution.ts";
import { type Format, fieldsOf, isRecord, type Summary, valuesOf } from "../format.ts";
import { listOf, number, words } from "../lenient.ts";
import { namesIn, namesOf } from "../package-names.ts";
import { rank } from "../package-ratings.ts";
import { makePackageUrl, packagePlace } from "../package-url.ts";

/** `None`, as Python writes nothing. */
const said = words.transform((value) => (value === "None" || value === "N/A" ? undefined : value));

const Score = z.object({ base_score: number, baseScore: number }).nullish().catch(undefined);
const Source = z.object({
  id: words,
  cvss_v2: Score,
  cvss_v3: Score,
  cvssV2: Score,
  cvssV3: Score,
});

/** anchore-engine and Enterprise write `package_name`, anchorectl `packageName`. */
const Vulnerability = z.object({
  vuln: said,
  severity: said,
  url: said,
  description: said,
  fix: said,
  feed_group: said,
  feedGroup: said,
  package: said,
  package_name: said,
  packageName: said,
  package_version: said,
  packageVersion: said,
  package_type: said,
  packageType: said,
  package_path: said,
  packagePath: said,
  nvd_data: listOf(Source).catch([]),
  nvdData: listOf(Source).catch([]),
  vendor_data: listOf(Source).catch([]),
  vendorData: listOf(Source).catch([]),
  extra: z.object({ description: said }).nullish().catch(undefined),
});

/** The newer report of an image's security evaluation. */
const Evaluated = z.object({
  vulnerabilityId: said,
  cves: said,
  severity: said,
  packageType: said,
  path: said,
  package: said,
  fixAvailable: said,
  link: said,
  nvdCvssBaseScore: number,
});

const Frame = z.object({
  imageFullTag: said,
  evaluatedTag: said,
  metadata: z
    .object({ registry: said, repository: said, tag: said, timestamp: said })
    .nullish()
    .catch(undefined),
});

/** Vulnerabilities as anchore-engine, Anchore Enterprise and anchorectl write them. */
export const anchore: Format = {
  id: "anchore",
  title: "Anchore (vulnerabilities)",
  syntax: "json",
  items: [{ path: ["vulnerabilities", "*"] }, { path: ["securityEvaluation", "*"] }],
  recognise: (sample) => isReport(fieldsOf(sample)),
  open(value) {
    if (!isRecord(value) || !isReport(value)) throw new Error("it is no list of Anchore's");
    const { imageFullTag, metadata } = Frame.parse(value);
    const parts = [metadata?.registry, metadata?.repository].filter(Boolean).join("/");
    const subject = imageFullTag === undefined ? parts : imageName(imageFullTag);
    return {
      item: (one, { item }) => [
        item === 0 ? hitOf(Vulnerability.parse(one)) : evaluatedHit(Evaluated.parse(one)),
      ],
      end: () => summaryOf(subject, metadata?.timestamp),
    };
  },
};

/** The same as a bare list, of anchorectl. An empty one could be anybody's. */
export const anchoreList: Format = {
  id: "anchore-list",
  title: "Anchore (list of vulnerabilities)",
  syntax: "json",
  items: [{ path: ["*"] }],
  recognise(sample) {
    if (sample.syntax !== "json") return false;
    const [first] = valuesOf(sample) ?? [];
    return (
      isRecord(first) && "vuln" in first && ("packageName" in first || "package_name" in first)
    );
  },
  open(value) {
    if (!Array.isArray(value)) throw new Error("it is no list");
    return {
      item: (one) => [hitOf(Vulnerability.parse(one))],
      end: () => summaryOf("", undefined),
    };
  },
};

function isReport(value: Readonly<Record<string, unknown>> | undefined): boolean {
  if (value === undefined) return false;
  if (Array.isArray(value["securityEvaluation"])) return isRecord(value["metadata"]);
  return (
    Array.isArray(value["vulnerabilities"]) &&
    ["imageDigest", "image_digest", "vulnerability_type", "vulnerabilityType"].some(
      (key) => key in value,
    ) &&
    !("scanner" in value)
  );
}

function summaryOf(subject: string, madeAt: string | undefined): Summary {
  return {
    complete: true,
    tool: { name: "anchore", version: "unknown" },
    ...(subject === "" ? {} : { subject }),
    ...(madeAt === undefined ? {} : { madeAt }),
  };
}

function hitOf(one: z.infer<typeof Vulnerability>): Draft {
  const sources = [...one.nvd_data, ...one.nvdData, ...one.vendor_data, ...one.vendorData];
  const { rule, aliases } = namesOf([one.vuln, ...sources.map(({ id }) => id)]);
  const whole = splitPackage(one.package);
  const name = one.package_name ?? one.packageName ?? whole.name;
  const version = one.package_version ?? one.packageVersion ?? whole.version;
  const type = one.package_type ?? one.packageType ?? "";
  return {
    kind: "dependency",
    rule,
    aliases,
    ...rank([
      { word: one.severity },
      ...sources.flatMap((source) => [
        { score: scoreIn(source.cvss_v3 ?? source.cvssV3), method: "3.0" },
        { score: scoreIn(source.cvss_v2 ?? source.cvssV2), method: "2.0" },
      ]),
    ]),
    title: `${name ?? "unnamed"} ${version ?? ""}: ${rule}`,
    message: one.description ?? one.extra?.description ?? "",
    place: packagePlace({
      name,
      version,
      purl: purlOf(type, one.feed_group ?? one.feedGroup ?? "", name ?? "", version),
      path: one.package_path ?? one.packagePath,
    }),
    fixedIn: one.fix,
    references: one.url === undefined ? [] : [one.url],
  };
}

/** Anchore writes -1 where there is no score. */
function scoreIn(score: z.infer<typeof Score>): number | undefined {
  const found = score?.base_score ?? score?.baseScore;
  return found !== undefined && found >= 0 ? found : undefined;
}

function evaluatedHit(one: z.infer<typeof Evaluated>): Draft {
  const { rule, aliases } = namesOf([one.vulnerabilityId, ...namesIn(one.cves ?? "")]);
  const { name, version } = splitPackage(one.package);
  return {
    kind: "dependency",
    rule,
    aliases,
    ...rank([{ word: one.severity }, { score: one.nvdCvssBaseScore, method: "3.1" }]),
    title: `${one.package ?? "unnamed"}: ${rule}`,
    place: packagePlace({
      name,
      version,
      purl: purlOf(one.packageType ?? "", "", name ?? "", version),
      path: one.path,
    }),
    fixedIn: one.fixAvailable,
    references: one.link === undefined ? [] : [one.link],
  };
}

/** `libgnutls30-3.5.8-5+deb9u4`: the version begins at the first hyphen that a digit follows. */
export function splitPackage(whole = ""): {
  name: string | undefined;
  version: string | undefined;
} {
  const [, name, version] = /^(.{1,400}?)-(\d.{0,200})$/.exec(whole) ?? [];
  return name === undefined
    ? { name: whole === "" ? undefined : whole, version: undefined }
    : { name, version };
}

/** Java packages come without their group: a package URL of theirs would name another one. */
function purlOf(type: string, group: string, name: string, version = ""): string | undefined {
  const found = distributionOf(group);
  if (/^(?:dpkg|deb|rpm|apkg|apk)$/i.test(type)) {
    return (
      found &&
      makePackageUrl(found.type, `${found.vendor}/${name}`, version, { distro: found.distro })
    );
  }
  return /^java$|^maven$/i.test(type) && !name.includes(":")
    ? undefined
    : makePackageUrl(type, name, version);
}

export { anchorePolicy, anchorePolicyObject } from "./policy.ts";
