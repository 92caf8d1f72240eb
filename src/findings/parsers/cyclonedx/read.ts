import type { Claim } from "../../../model/observation.ts";
import { type Draft, imageName } from "../../observe.ts";
import { fixedIn } from "../fixed-in.ts";
import type { Summary } from "../format.ts";
import { type Package, type PackageIndex, packageIndex } from "../package-index.ts";
import { isCve, namesIn, namesOf } from "../package-names.ts";
import { rank } from "../package-ratings.ts";
import { packagePlace } from "../package-url.ts";
import { type Affected, Bom, Component, Vulnerability } from "./schema.ts";

/** Reads one bill of materials, whichever syntax it came in: components first, then vulnerabilities. */
export interface BomReader {
  component(value: unknown): void;
  vulnerability(value: unknown): readonly Draft[];
  /** `looked`: it had a list of vulnerabilities elsewhere than where the standard puts it. */
  end(looked?: boolean): Summary;
}

export function readBom(frame: unknown): BomReader {
  const bom = Bom.parse(frame);
  const known = packageIndex();
  const root = bom.metadata?.component;
  if (root) addAll(known, root);
  const own = known.count;
  const by = authorOf(bom);
  return {
    component: (value) => addAll(known, value),
    vulnerability: (value) => hitsOf(Vulnerability.parse(value), known, root, by),
    end: (looked = false) => summaryOf(bom, known, known.count > own, looked),
  };
}

/** A component and all inside of it, without a recursion that a hostile depth could exhaust. */
function addAll(known: PackageIndex, value: unknown): void {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const component = Component.parse(open.pop());
    known.add(component["bom-ref"] ?? component.purl ?? "", packageOf(component));
    if (Array.isArray(component.components))
      for (const inner of component.components) open.push(inner);
  }
}

function packageOf(component: Component): Package {
  const { group, name, version, purl, evidence, properties } = component;
  const places = properties.filter(({ name: property }) =>
    /^(?:aquasecurity:trivy:FilePath|syft:location:0:path)$/.test(property ?? ""),
  );
  return {
    // With a package URL the name is read from it, so that every tool's is the same.
    ...(purl === undefined ? { name: group === undefined ? name : `${group}/${name ?? ""}` } : {}),
    version,
    purl,
    path:
      evidence?.occurrences.find(({ location }) => location !== undefined)?.location ??
      places[0]?.value,
  };
}

/** One for each package that it affects; for none at all one about what the bill is for. */
function hitsOf(
  one: Vulnerability,
  known: PackageIndex,
  root: Component | null | undefined,
  by: string | undefined,
): readonly Draft[] {
  const affects = one.affects.length > 0 ? one.affects : [{ ref: root?.["bom-ref"], versions: [] }];
  const places = affects.flatMap((affected) => placesOf(affected, known, root));
  const distinct = new Map(places.map((place) => [JSON.stringify(place), place]));
  const shared = sharedOf(one);
  return [...distinct.values()].map(({ status, ...place }) => ({
    ...shared,
    place: packagePlace(place),
    ...claimOf(one, status, by),
  }));
}

interface Stated extends Package {
  /** What the list of versions says of this one: `affected`, `unaffected`, `unknown`. */
  readonly status?: string | undefined;
}

/**
 * A package with a version is one place, whatever ranges are listed. Of one without, each listed version is a place
 * of its own.
 */
function placesOf(
  { ref = "", versions }: Affected,
  known: PackageIndex,
  root: Component | null | undefined,
): readonly Stated[] {
  const found = ref === "" && root ? packageOf(root) : lookUp(ref, known);
  if (versions.length === 0) return [found];
  const version = found.version ?? packagePlace(found).version;
  if (version !== "") {
    const own = versions.find((one) => one.version === version);
    return [{ ...found, status: own?.status }];
  }
  return versions.map(({ version: listed, range, status }) => ({
    ...found,
    version: listed ?? range,
    status,
  }));
}

/** By its own name, by the end of a BOM-Link (`urn:cdx:serial/1#ref`), or read as a package URL. */
function lookUp(ref: string, known: PackageIndex): Package {
  const linked = /^urn:cdx:[^#]{1,200}#(.+)$/s.exec(ref)?.[1];
  for (const name of [ref, ...(linked === undefined ? [] : [linked, decoded(linked)])]) {
    const found = known.get(name);
    if (found) return found;
  }
  const last = linked === undefined ? ref : decoded(linked);
  return last.startsWith("pkg:") ? { purl: last } : { name: last === "" ? "unnamed" : last };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function sharedOf(one: Vulnerability): Omit<Draft, "place"> {
  const { id, source, references, description, detail, recommendation, advisories, ratings } = one;
  const { rule, aliases } = namesOf([
    id ?? one["bom-ref"],
    ...references.map((reference) => reference.id),
    // Some name the CVE in the address alone.
    ...(isCve(id ?? "") || references.some((reference) => isCve(reference.id ?? ""))
      ? []
      : namesIn(source?.url ?? "")),
  ]);
  const { severity, cvss } = rank(ratings.map((rating) => ({ ...rating, word: rating.severity })));
  return {
    kind: "dependency",
    rule,
    aliases,
    severity,
    cvss,
    title: description?.slice(0, 512) ?? rule,
    message: [description, detail, recommendation].filter(Boolean).join("\n\n"),
    cwe: one.cwes.map((cwe) => Number(/\d+/.exec(cwe ?? "")?.[0])),
    fixedIn: fixedIn(recommendation),
    references: [source?.url, ...advisories.map(({ url }) => url)].flatMap((url) => url ?? []),
  };
}

const states: ReadonlyMap<string, Claim["status"]> = new Map([
  ["exploitable", "affected"],
  ["in_triage", "under-investigation"],
  ["resolved", "fixed"],
  ["resolved_with_pedigree", "fixed"],
  ["false_positive", "false-positive"],
  ["not_affected", "not-affected"],
]);

const versionStates: ReadonlyMap<string, Claim["status"]> = new Map([
  ["unaffected", "not-affected"],
  ["unknown", "under-investigation"],
]);

/** A state that is none of the standard's says nothing: the hit stands. */
function claimOf(
  { analysis }: Vulnerability,
  versionStatus: string | undefined,
  by: string | undefined,
): Partial<Draft> {
  const ofVersion = versionStates.get(versionStatus ?? "");
  const status = ofVersion ?? states.get(analysis?.state ?? "");
  if (status === undefined) return {};
  const response = analysis?.response.join(", ") ?? "";
  const statement = [analysis?.detail, response === "" ? undefined : `response: ${response}`]
    .filter(Boolean)
    .join("; ");
  return {
    claim: {
      status,
      ...(analysis?.justification === undefined ? {} : { justification: analysis.justification }),
      ...(statement === "" ? {} : { statement }),
      ...(by === undefined ? {} : { by }),
    },
  };
}

function authorOf({ metadata }: Bom): string | undefined {
  const authors = [
    ...(metadata?.authors ?? []),
    metadata?.supplier,
    metadata?.manufacturer,
    metadata?.manufacture,
  ];
  return authors.find((author) => author?.name !== undefined)?.name;
}

/** A document that never looked for vulnerabilities, or only states some, is no scan: absence in it says nothing. */
function summaryOf(bom: Bom, known: PackageIndex, hasParts: boolean, looked: boolean): Summary {
  const { metadata, compositions } = bom;
  const partial = compositions.find(({ aggregate }) => aggregate?.startsWith("incomplete"));
  const missing =
    !bom.vulnerabilities && !looked
      ? "a bill of materials without a list of vulnerabilities: nobody looked for any"
      : !hasParts
        ? "it names no components: statements about vulnerabilities, not a scan"
        : partial
          ? `it calls its own list of parts ${partial.aggregate}`
          : known.full
            ? "it has more components than are kept: some vulnerabilities bear a reference instead of a package"
            : undefined;
  const tools = toolsOf(metadata?.tools);
  const subject = metadata?.component?.name;
  return {
    complete: missing === undefined,
    ...(missing === undefined ? {} : { missing }),
    ...(tools === undefined ? {} : { tool: tools }),
    part: "packages",
    ...(subject === undefined ? {} : { subject: subjectOf(metadata?.component, subject) }),
    ...(metadata?.timestamp === undefined ? {} : { madeAt: metadata.timestamp }),
  };
}

function subjectOf(component: Component | null | undefined, name: string): string {
  if (component?.type === "container") return imageName(name);
  return component?.group === undefined ? name : `${component.group}/${name}`;
}

function toolsOf(tools: NonNullable<Bom["metadata"]>["tools"]): Summary["tool"] {
  const all = !tools ? [] : Array.isArray(tools) ? tools : [...tools.components, ...tools.services];
  const named = all.filter(({ name }) => name !== undefined).slice(0, 4);
  if (named.length === 0) return undefined;
  return {
    name: named.map(({ name }) => name).join(" + "),
    version: named.map(({ version }) => version ?? "unknown").join(" + "),
  };
}
