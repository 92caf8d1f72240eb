import type { Bucket, Reproduction } from "../reproduce/reproduction.ts";
import { bucketKey } from "../reproduce/reproduction.ts";
import type { RuleId } from "./rules.ts";

/** A bucket: everything that failed in the same way, shown by its smallest example. */
export interface Finding {
  readonly rule: RuleId;
  readonly bucket: Bucket;
  /** Where it was seen first. */
  readonly operation: string;
  readonly place: string;
  /** What was wrong with the request, in our words. */
  readonly what: string;
  readonly says: string;
  /** Seen again twice by its example. */
  readonly confirmed: boolean;
  readonly reproduction: Reproduction;
  /** How often it was seen, its own confirmation left out. */
  readonly count: number;
  readonly elsewhere: readonly string[];
}

const mostFindings = 500;
const mostElsewhere = 20;

/** What was found, by bucket. */
export class Findings {
  readonly #found = new Map<string, Finding>();
  /** Buckets beyond the most that are kept; the report is not whole then. */
  lost = 0;

  get all(): readonly Finding[] {
    return [...this.#found.values()];
  }

  /** Counts a bucket that is known. False when it is new. */
  again(bucket: Bucket, operation: string): boolean {
    const key = bucketKey(bucket);
    const known = this.#found.get(key);
    if (known === undefined) return false;
    const elsewhere =
      operation === known.operation ||
      known.elsewhere.includes(operation) ||
      known.elsewhere.length >= mostElsewhere
        ? known.elsewhere
        : [...known.elsewhere, operation];
    this.#found.set(key, { ...known, count: known.count + 1, elsewhere });
    return true;
  }

  /**
   * A bucket that is known at one of several places that were changed together. Random cases meet again what the
   * planned ones have found, and an answer that says nothing does not tell which place it was.
   */
  amongPlaces(bucket: Bucket, base: string, places: readonly string[]): Bucket | null {
    const known = this.all.find(
      (one) =>
        one.bucket.rule === bucket.rule &&
        one.bucket.operation === bucket.operation &&
        one.bucket.signature.startsWith(base) &&
        one.place.split(" and ").every((place) => places.includes(place)),
    );
    return known?.bucket ?? null;
  }

  add(finding: Finding): void {
    if (this.#found.size >= mostFindings) this.lost += 1;
    else this.#found.set(bucketKey(finding.bucket), finding);
  }
}
