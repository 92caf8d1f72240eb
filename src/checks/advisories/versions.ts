import semver from "semver";
import type { Advisory, AdvisoryEvent } from "../../model/advisory.ts";
import { comparePep440, parsePep440 } from "./pep440.ts";

/** Negative, zero or positive; null when one of them is no version of this ecosystem. */
export function compareVersions(ecosystem: string, a: string, b: string): number | null {
  if (ecosystem === "PyPI") {
    const [first, second] = [parsePep440(a), parsePep440(b)];
    return first && second ? comparePep440(first, second) : null;
  }
  const [first, second] = [toSemver(a), toSemver(b)];
  return first && second ? semver.compare(first, second) : null;
}

export function isVersion(ecosystem: string, version: string): boolean {
  return ecosystem === "PyPI" ? parsePep440(version) !== null : toSemver(version) !== null;
}

/** Go writes `v1.2.3+incompatible`; advisories write `1.2` now and then. */
function toSemver(version: string): string | null {
  const plain = version.trim().replace(/^v/, "");
  const exact = semver.parse(plain, { loose: true });
  if (exact !== null) return exact.version;
  return /^\d+(?:\.\d+)?$/.test(plain) ? (semver.coerce(plain)?.version ?? null) : null;
}

export interface Affected {
  /** The first version in which it is repaired; null when there is none yet. */
  readonly fixedIn: string | null;
}

/**
 * Whether a version is affected, as the OSV schema says it ("Evaluation"): it is listed, or it lies in a
 * range. Of a range the events are taken in the order of their versions; `introduced` begins it, `fixed` ends
 * it before that version, `lastAffected` after it, and beyond every `limit` nothing is said.
 *
 * @returns null when it is not affected; throws nothing. An event that cannot be compared is taken as if it
 *   concerned the version, because a warning too many is the smaller harm.
 */
export function affects(advisory: Advisory, version: string): Affected | null {
  const { ecosystem, ranges, versions } = advisory;
  const bare = version.trim().replace(/^v(?=\d)/, "");
  const listed =
    versions.includes(version) ||
    versions.includes(bare) ||
    versions.includes(`v${bare}`) ||
    (ecosystem === "PyPI" &&
      versions.some((one) => compareVersions(ecosystem, one, version) === 0));
  const inRange = ranges.filter((events) => isInRange(ecosystem, events, version));
  if (!listed && inRange.length === 0) return null;
  const fixes = (inRange.length > 0 ? inRange : ranges)
    .flat()
    .flatMap((event) => ("fixed" in event ? [event.fixed] : []))
    .filter((fixed) => (compareVersions(ecosystem, fixed, version) ?? 1) > 0)
    .sort((a, b) => compareVersions(ecosystem, a, b) ?? 0);
  return { fixedIn: fixes[0] ?? null };
}

export function isInRange(
  ecosystem: string,
  events: readonly AdvisoryEvent[],
  version: string,
): boolean {
  const limits = events.flatMap((event) => ("limit" in event ? [event.limit] : []));
  const within =
    limits.length === 0 ||
    limits.some((limit) => limit === "*" || (compareVersions(ecosystem, version, limit) ?? -1) < 0);
  if (!within) return false;
  const sorted = events
    .filter((event) => !("limit" in event))
    .map((event, index) => ({ event, index, at: placeOf(event) }))
    .sort((a, b) => {
      const order = compareEvents(ecosystem, a.at, b.at);
      // At one version: what ends an older range comes before what begins the next one.
      return order !== 0 ? order : rankOf(a.event) - rankOf(b.event) || a.index - b.index;
    });
  let affected = false;
  for (const { event, at } of sorted) {
    const order = at === "0" ? 1 : compareVersions(ecosystem, version, at);
    if ("introduced" in event && (order === null || order >= 0)) affected = true;
    if ("fixed" in event && order !== null && order >= 0) affected = false;
    if ("lastAffected" in event && order !== null && order > 0) affected = false;
  }
  return affected;
}

function placeOf(event: AdvisoryEvent): string {
  if ("introduced" in event) return event.introduced;
  if ("fixed" in event) return event.fixed;
  return "lastAffected" in event ? event.lastAffected : "*";
}

/** `0` stands before every version (OSV schema: `introduced: "0"`). */
function compareEvents(ecosystem: string, a: string, b: string): number {
  if (a === b) return 0;
  if (a === "0") return -1;
  if (b === "0") return 1;
  return compareVersions(ecosystem, a, b) ?? 0;
}

function rankOf(event: AdvisoryEvent): number {
  return "introduced" in event ? 1 : 0;
}
