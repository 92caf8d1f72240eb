import type { Fingerprint, FindingStatus } from "../model/finding.ts";
import type { FindingKind } from "../model/observation.ts";

/**
 *   open -> triaged -> in-progress -> fixed -> verified -> closed
 *     ^         ^___________|          |          |           |
 *     |________________________________|__________|___________|   seen again, or somebody says so
 *     |
 *     +-> false-positive (two people, a reason, an end) -> open when the end comes, or when it does not cover a sight
 *
 * People move a finding as far as `fixed`, which is their word. `verified` follows from a scan that is trusted, and
 * `closed` from a release in production; nobody can say either of a finding. (Two people can retire a scan that nobody
 * makes any more: what it alone saw is closed without having been verified.) Nothing of untrusted origin ever moves towards
 * closed. The id and the first sight stay whatever happens.
 *
 * Releases are compared by `order`: greater is newer (when they came in; lineage.ts says where commits say more). Null is a scan that names no release: of
 * that nothing good follows, and everything bad.
 */

export interface Transition {
  readonly from: FindingStatus;
  readonly to: FindingStatus;
  /** In words, for the history. */
  readonly why: string;
  /** True where it counts as reopened. */
  readonly reopened: boolean;
}

/** What the life cycle knows of a finding. Times are RFC 3339. */
export interface Standing {
  readonly kind: FindingKind;
  readonly status: FindingStatus;
  /** Newest release that it was seen in. */
  readonly lastOrder: number | null;
  /** Of the release in which it was verified to be gone. */
  readonly verifiedOrder: number | null;
  /** What stands behind `false-positive`. */
  readonly falsePositive: FalsePositive | null;
}

/** Two people's word that it is none: of these fingerprints, until then. */
export interface FalsePositive {
  readonly reason: string;
  readonly proposedBy: string;
  readonly confirmedBy: string;
  readonly until: string;
  /** Those it had when it was confirmed, as `fingerprintKey` writes them. */
  readonly fingerprints: readonly string[];
  /** Whether a trusted scan had seen it by then: what only strangers reported, people have not really seen. */
  readonly trusted: boolean;
}

/** A scan that saw it. */
export interface Sighting {
  readonly order: number | null;
  readonly trusted: boolean;
  /** RFC 3339. */
  readonly at: string;
  /** Of its observations. */
  readonly fingerprints: readonly Fingerprint[];
}

export function fingerprintKey(one: {
  readonly algorithm: string;
  readonly value: string;
}): string {
  return `${one.algorithm} ${one.value}`;
}

/** What being seen does to a finding; null: nothing. Nothing here moves towards closed. */
export function whenSeen(standing: Standing, sighting: Sighting): Transition | null {
  const { status } = standing;
  switch (status) {
    case "open":
    case "triaged":
    case "in-progress":
      return null;
    case "fixed":
      return isKnownToHaveIt(standing, sighting)
        ? null
        : reopen(status, "said to be fixed, and seen again");
    case "verified":
    case "closed":
      return isOlder(sighting.order, standing.verifiedOrder)
        ? null
        : reopen(status, "gone, and seen again");
    case "false-positive": {
      const why = whyNotCovered(standing.falsePositive, sighting);
      return why === null ? null : reopen(status, why);
    }
  }
}

/** What is part of a machine or a network may change without a release; everything else stays in the release that has it. */
const changesWithoutRelease: ReadonlySet<FindingKind> = new Set([
  "infrastructure",
  "network",
  "host",
  "runtime",
]);

/**
 * Somebody said that it is fixed, and means a release that is to come. That the one that is live still has it, as every
 * night's scan of it says, is no news; nor of any older one.
 */
function isKnownToHaveIt({ kind, lastOrder }: Standing, { order }: Sighting): boolean {
  if (isOlder(order, lastOrder)) return true;
  return order !== null && order === lastOrder && !changesWithoutRelease.has(kind);
}

/** Why a false positive does not speak for this sight; null when it does. */
function whyNotCovered(
  claim: FalsePositive | null,
  { at, trusted, fingerprints }: Sighting,
): string | null {
  if (claim === null) return "nobody confirmed that it is a false positive";
  if (!(Date.parse(at) < Date.parse(claim.until))) return "the false positive has expired";
  if (trusted && !claim.trusted) {
    return "a trusted scan sees what was set aside when only untrusted reports had it";
  }
  const known = new Set(claim.fingerprints);
  if (!fingerprints.some((one) => known.has(fingerprintKey(one)))) {
    return "none of its fingerprints is among those of the false positive";
  }
  return null;
}

/** A scan that should have seen it and did not. */
export interface Absence {
  readonly order: number | null;
  readonly trusted: boolean;
  /** The scan was whole, of the same scope. */
  readonly complete: boolean;
  /** Other scopes that saw it last time they looked. */
  readonly seenElsewhere: number;
}

/** What not being seen does: a transition, or a note that says why there is none. */
export function whenUnseen(
  standing: Standing,
  absence: Absence,
): { readonly transition: Transition | null; readonly note: string } {
  const noted = (note: string) => ({ transition: null, note });
  if (!absence.complete) return noted("not observed: the scan was not whole");
  if (!absence.trusted) return noted("not observed: nobody vouches for the report");
  if (absence.order === null) return noted("not observed: the report names no release");
  if (isOlder(absence.order, standing.lastOrder)) {
    return noted("not observed in an older release than one that has it");
  }
  if (absence.seenElsewhere > 0) {
    return noted(
      `not observed here; ${absence.seenElsewhere === 1 ? "another scan still sees it" : `${absence.seenElsewhere} other scans still see it`}`,
    );
  }
  const { status } = standing;
  if (status === "verified" || status === "closed") return noted("not observed, as before");
  if (status === "false-positive") return noted("not observed; it stays set aside");
  const why = "a complete scan of the same scope does not see it any more";
  return { transition: { from: status, to: "verified", why, reopened: false }, note: why };
}

function isOlder(order: number | null, than: number | null): boolean {
  return order !== null && than !== null && order < than;
}

function reopen(from: FindingStatus, why: string): Transition {
  return { from, to: "open", why, reopened: true };
}
