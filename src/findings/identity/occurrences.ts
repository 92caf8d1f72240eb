import type { Fingerprint } from "../../model/finding.ts";
import { isNumbered, withNumber } from "./fingerprint.ts";
import type { Incoming } from "./incoming.ts";

/** Of one value: its only line, or all of them. */
type Lines = number | Set<number>;

/**
 * Numbers what is equal within one report in order of line, so that a line put in above changes nothing. Hits at one
 * line are one occurrence: the same thing, told twice. Those without a line are one as well: nothing tells them apart.
 * Linear, but for sorting each group of equal ones. Observations come without numbers, as `incomingOf` makes them.
 */
export function numberOccurrences(all: readonly Incoming[]): readonly Incoming[] {
  const found = new Map<string, Map<string, Lines>>();
  let several = false;
  for (const { line, identity } of all) {
    for (const { algorithm, value } of identity.fingerprints) {
      if (!isNumbered(algorithm)) continue;
      const at = line ?? 0;
      const values = found.get(algorithm) ?? new Map<string, Lines>();
      if (values.size === 0) found.set(algorithm, values);
      const before = values.get(value);
      if (before === undefined) values.set(value, at);
      else if (before instanceof Set) before.add(at);
      else if (before !== at) {
        values.set(value, new Set([before, at]));
        several = true;
      }
    }
  }
  if (!several) return all;
  const ranks = new Map<string, Map<string, ReadonlyMap<number, number>>>();
  for (const [algorithm, values] of found) {
    const ranked = new Map<string, ReadonlyMap<number, number>>();
    for (const [value, lines] of values) {
      if (typeof lines === "number") continue;
      const sorted = [...lines].sort((a, b) => a - b);
      ranked.set(value, new Map(sorted.map((line, index) => [line, index + 1])));
    }
    ranks.set(algorithm, ranked);
  }
  return all.map((one) => {
    const rankOf = ({ algorithm, value }: Fingerprint): number =>
      ranks
        .get(algorithm)
        ?.get(value)
        ?.get(one.line ?? 0) ?? 1;
    if (one.identity.fingerprints.every((fingerprint) => rankOf(fingerprint) === 1)) return one;
    const fingerprints = one.identity.fingerprints.map((fingerprint) => ({
      algorithm: fingerprint.algorithm,
      value: withNumber(fingerprint.value, rankOf(fingerprint)),
    }));
    return { ...one, identity: { ...one.identity, fingerprints } };
  });
}
