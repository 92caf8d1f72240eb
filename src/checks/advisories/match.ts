import type { Advisory } from "../../model/advisory.ts";
import { type FoundPackage, purlOf } from "../scanner/packages/package-list.ts";
import type { SarifResult, SarifRule } from "../sarif.ts";
import type { AdvisoryReader } from "./snapshot.ts";
import { type Affected, affects, isVersion } from "./versions.ts";

/** A record without a score is taken for a high one: its finder thought it worth an advisory. */
const unknownScore = 7;

export interface Matches {
  readonly rules: readonly SarifRule[];
  readonly results: readonly SarifResult[];
  /** Packages whose version cannot be compared: from a folder, an address, a branch. */
  readonly unclear: readonly FoundPackage[];
}

/** Holds every package against the advisories. Records that speak of one flaw are one hit. */
export async function matchPackages(
  packages: readonly FoundPackage[],
  reader: AdvisoryReader,
): Promise<Matches> {
  const rules = new Map<string, SarifRule>();
  const results: SarifResult[] = [];
  const unclear: FoundPackage[] = [];
  for (const found of packages) {
    if (!isVersion(found.ecosystem, found.version)) unclear.push(found);
    const advisories = await reader.of(found.ecosystem, found.name);
    for (const { advisory, affected } of matchesOf(advisories, found.version)) {
      if (!rules.has(advisory.id)) rules.set(advisory.id, ruleOf(advisory));
      results.push(resultOf(found, advisory, affected.fixedIn));
    }
  }
  return { rules: [...rules.values()], results, unclear };
}

/** What speaks of one version of the package that the advisories are about, each flaw once. Pure. */
export function* matchesOf(
  advisories: readonly Advisory[],
  version: string,
): Iterable<{ readonly advisory: Advisory; readonly affected: Affected }> {
  const seen = new Set<string>();
  for (const advisory of preferred(advisories)) {
    const affected = affects(advisory, version);
    if (affected === null) continue;
    const names = [advisory.id, ...advisory.aliases];
    if (names.some((name) => seen.has(name))) continue;
    for (const name of names) seen.add(name);
    yield { advisory, affected };
  }
}

/** GHSA first (it has severities and fixes), then by id, so that the same flaw has the same name each time. */
function preferred(advisories: readonly Advisory[]): readonly Advisory[] {
  const rank = ({ id }: Advisory) => (id.startsWith("MAL-") ? 0 : id.startsWith("GHSA-") ? 1 : 2);
  return [...advisories].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

function ruleOf(advisory: Advisory): SarifRule {
  return {
    id: advisory.id,
    title: advisory.summary || advisory.id,
    help: `Update the package to a version that is not affected, or leave it out. osv.dev/vulnerability/${advisory.id}`,
    severity: advisory.score ?? unknownScore,
    cwe: advisory.cwe,
  };
}

function resultOf(found: FoundPackage, advisory: Advisory, fixedIn: string | null): SarifResult {
  const purl = purlOf(found);
  const fix = fixedIn === null ? "no version repairs it yet" : `repaired in ${fixedIn}`;
  return {
    rule: advisory.id,
    message: `${found.name} ${found.version}: ${advisory.summary || advisory.id} (${fix})`,
    place: { kind: "logical", name: purl, path: found.path },
    // Without the version: an update that repairs nothing is the same finding.
    fingerprint: `${advisory.id}:${purl.slice(0, purl.lastIndexOf("@"))}:${found.path}`,
    severity: advisory.score ?? unknownScore,
    properties: {
      tidelock: {
        package: { name: found.name, version: found.version, purl, path: found.path },
        aliases: advisory.aliases,
        ...(fixedIn === null ? {} : { fixedIn }),
        cwe: advisory.cwe,
      },
    },
  };
}
