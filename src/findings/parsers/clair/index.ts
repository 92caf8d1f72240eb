import { z } from "zod";
import { type Draft, imageName } from "../../observe.ts";
import { type Format, fieldsOf, isRecord, type Summary } from "../format.ts";
import { listOf, manyWords, number, words } from "../lenient.ts";
import type { Rating } from "../package-ratings.ts";
import { hit, type Named } from "./hit.ts";
import { readVersion4 } from "./version4.ts";

/** clair-scanner. */
const Scanned = z.object({
  featurename: words,
  featureversion: words,
  vulnerability: words,
  namespace: words,
  description: words,
  link: words,
  severity: words,
  fixedby: words,
});

/** Of the API of versions 1 and 2; klar's has the package in it too. */
const Found = z.object({
  Name: words,
  NamespaceName: words,
  Description: words,
  Link: words,
  Severity: words,
  FixedBy: words,
  FeatureName: words,
  FeatureVersion: words,
  Metadata: z.unknown().optional(),
});

const Feature = z.object({
  Name: words,
  NamespaceName: words,
  Version: words,
  Vulnerabilities: listOf(Found),
});

/** A list, or an object by numbers; Go writes an empty one as null. Anything else would hide what it holds. */
const held = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]).nullish();
const Layer = z.object({ Features: z.array(z.unknown()).nullish() }).nullish();

const Frame = z.object({
  vulnerabilities: held,
  Vulnerabilities: held,
  packages: held,
  package_vulnerabilities: held,
  Layer,
  data: z.object({ Layer }).nullish(),
  image: words,
  status: words,
  enrichments: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  state: words,
  err: words,
});
type Frame = z.infer<typeof Frame>;

/**
 * Clair: reports of its API, version 1 and 2 (also as Quay wraps them) and version 4, and of the clients clair-scanner
 * and klar. One observation for each vulnerability of each package.
 */
export const clair: Format = {
  id: "clair",
  title: "Clair",
  syntax: "json",
  items: [
    { path: ["vulnerabilities", "*"] },
    { path: ["packages", "*"] },
    { path: ["Layer", "Features", "*"] },
    { path: ["data", "Layer", "Features", "*"] },
    { path: ["Vulnerabilities", "*", "*"] },
    { path: ["package_vulnerabilities", "*"], pass: 2 },
  ],
  recognise: (sample) => isClair(fieldsOf(sample)),
  open(value) {
    if (!isRecord(value) || !isClair(value)) throw new Error("it is none of Clair's reports");
    const frame = Frame.parse(value);
    const version4 = readVersion4(frame.enrichments);
    const isVersion4 = "manifest_hash" in value;
    return {
      item(one, { item, keys }) {
        const [key = ""] = keys;
        switch (item) {
          case 0:
            if (!isVersion4) return [scannedHit(Scanned.parse(one))];
            version4.vulnerability(String(key), one);
            return [];
          case 1:
            version4.package(String(key), one);
            return [];
          case 2:
          case 3:
            return featureHits(Feature.parse(one));
          case 4: {
            const { FeatureName: name, FeatureVersion: version, ...found } = Found.parse(one);
            return [foundHit(found, { name, version }, String(key))];
          }
          default:
            return version4.hits(String(key), manyWords.parse(one));
        }
      },
      end: () => summaryOf(frame, version4.full()),
    };
  },
};

function isClair(value: Readonly<Record<string, unknown>> | undefined): boolean {
  if (value === undefined) return false;
  const { data } = value;
  return (
    (typeof value["image"] === "string" && "unapproved" in value && "vulnerabilities" in value) ||
    ("LayerCount" in value && "Vulnerabilities" in value) ||
    isLayer(value["Layer"]) ||
    (isRecord(data) && isLayer(data["Layer"])) ||
    // Its other lists may come after more packages than one looks at.
    (typeof value["manifest_hash"] === "string" &&
      ["packages", "vulnerabilities", "package_vulnerabilities"].some((key) => key in value))
  );
}

function isLayer(value: unknown): boolean {
  return (
    isRecord(value) &&
    "Name" in value &&
    ("Features" in value || "IndexedByVersion" in value || "NamespaceName" in value)
  );
}

function summaryOf(frame: Frame, full: boolean): Summary {
  const { image, status, state, err } = frame;
  const layer = frame.Layer ?? frame.data?.Layer;
  const failed = /error|fail|queued/i.exec(`${status ?? ""} ${state ?? ""}`)?.[0];
  const missing = err ?? (failed === undefined ? undefined : `its state is ${status ?? state}`);
  const cut = full
    ? "it has more packages or vulnerabilities than are kept"
    : layer && !layer.Features
      ? "its layer lists no packages"
      : undefined;
  const subject = image === undefined ? undefined : imageName(image);
  return {
    complete: missing === undefined && cut === undefined,
    ...(missing === undefined && cut === undefined ? {} : { missing: missing ?? cut ?? "" }),
    tool: { name: "clair", version: "unknown" },
    // A digest names one release, and no subject that another scan could share.
    ...(subject === undefined ? {} : { subject }),
  };
}

function scannedHit(one: z.infer<typeof Scanned>): Draft {
  return hit({
    ids: [one.vulnerability],
    ratings: [{ word: one.severity }],
    text: one.description,
    links: [one.link],
    name: one.featurename,
    version: one.featureversion,
    namespace: one.namespace,
    fixed: one.fixedby,
  });
}

function featureHits(feature: z.infer<typeof Feature>): readonly Draft[] {
  return feature.Vulnerabilities.map((one) =>
    foundHit(one, {
      name: feature.Name,
      version: feature.Version,
      namespace: feature.NamespaceName,
    }),
  );
}

function foundHit(
  one: Omit<z.infer<typeof Found>, "FeatureName" | "FeatureVersion">,
  named: Named,
  group?: string,
): Draft {
  return hit({
    ids: [one.Name],
    ratings: [{ word: one.Severity ?? group }, ...metadataRatings(one.Metadata)],
    text: one.Description,
    links: [one.Link],
    name: named.name,
    version: named.version,
    namespace: one.NamespaceName ?? named.namespace,
    fixed: one.FixedBy,
  });
}

/** `{ NVD: { CVSSv2: { Score, Vectors }, CVSSv3: {…} } }` */
const Metadata = z.record(
  z.string(),
  z
    .object({
      CVSSv2: z.object({ Score: number, Vectors: words }).nullish(),
      CVSSv3: z.object({ Score: number, Vectors: words }).nullish(),
    })
    .nullish()
    .catch(undefined),
);

function metadataRatings(value: unknown): readonly Rating[] {
  const read = Metadata.safeParse(value);
  if (!read.success) return [];
  return Object.values(read.data).flatMap((source) =>
    [
      { method: "2.0", of: source?.CVSSv2 },
      { method: "3.0", of: source?.CVSSv3 },
    ].flatMap(({ method, of }) =>
      // Quay writes zeros where NVD has no score.
      of && of.Score !== undefined && of.Score > 0
        ? [{ method, score: of.Score, vector: of.Vectors }]
        : [],
    ),
  );
}
