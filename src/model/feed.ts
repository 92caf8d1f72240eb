import { z } from "zod";

/**
 * What others publish about vulnerabilities as such, and Tidelock keeps to rank and to gate by.
 *
 * - `epss`: the probability that a CVE is exploited within 30 days (FIRST, Exploit Prediction Scoring System).
 * - `kev`: CVEs that are known to be exploited (CISA, Known Exploited Vulnerabilities catalog).
 * - `osv`: advisories of packages (osv.dev), which lie on the machine where checks run.
 */
export const FeedKind = z.enum(["epss", "kev", "osv"]);
export type FeedKind = z.infer<typeof FeedKind>;

/** CVE-YYYY-N (CVE numbering: four digits or more). */
export const cvePattern = /^CVE-\d{4}-\d{4,19}$/;

/** A feed as it was read; its records are handed on as they come. */
export interface FeedHead {
  /** RFC 3339: of which moment it speaks, as it says itself. */
  readonly asOf: string;
  /** The publisher's name for this edition; empty where it has none. */
  readonly version: string;
}

export interface EpssRecord {
  readonly cve: string;
  /** Both from 0 to 1. */
  readonly epss: number;
  readonly percentile: number;
}

export interface KevRecord {
  readonly cve: string;
  /** Dates, YYYY-MM-DD. */
  readonly added: string;
  readonly due: string | null;
  /** True where ransomware is known to use it. */
  readonly ransomware: boolean;
  readonly title: string;
  readonly action: string;
}
/** What stands of a feed, or would stand: enough to say which of two is the better one. */
export interface FeedEdition {
  readonly digest: string;
  /** RFC 3339. */
  readonly asOf: string;
  readonly records: number;
}

/** So many of what is missing are named. */
const mostNamed = 5;

/** How far a feed may be dated ahead of our clock: zones and clocks differ, and a wrong year would close it for ever. */
export const aheadMs = 86_400_000;

/**
 * Why one edition must not take another's place; null when it may. A feed only ever moves on: an older or emptier one
 * would call harmless what is known to be bad, and so would one of as many records that lacks some of them. `fewer` is a
 * person's reason to believe one that has shrunk or lacks something. Pure.
 */
export function whyNotInstead(
  next: FeedEdition,
  current: FeedEdition | null,
  how: {
    readonly now: Date;
    readonly fewer?: string | undefined;
    /** What the one that counts has and the next one has not. */
    readonly removed?: readonly string[];
  },
): string | null {
  if (next.records === 0) return "it holds no record";
  if (Date.parse(next.asOf) > how.now.getTime() + aheadMs) {
    return `it is dated ${next.asOf}, which has not come yet: every later one would be refused`;
  }
  if (current === null || next.digest === current.digest) return null;
  if (Date.parse(next.asOf) < Date.parse(current.asOf)) {
    return `it is of ${next.asOf}, and the one that counts is of ${current.asOf}`;
  }
  if (next.records < current.records && how.fewer === undefined) {
    return `it holds ${next.records} records, and the one that counts ${current.records}`;
  }
  const { removed = [] } = how;
  if (removed.length > 0 && how.fewer === undefined) {
    const more = removed.length > mostNamed ? ` and ${removed.length - mostNamed} more` : "";
    return `it lacks ${removed.slice(0, mostNamed).join(", ")}${more}, which the one that counts has`;
  }
  return null;
}
