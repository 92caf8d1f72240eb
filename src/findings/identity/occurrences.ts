import type { Fingerprint } from "../../model/finding.ts";
import { isNumbered, withNumber } from "./fingerprint.ts";
import type { Incoming } from "./incoming.ts";
import { keyLength } from "./key.ts";

/** Of one key: its only line, or all of them. */
type Lines = number | Set<number>;

/**
 * Numbers what is equal within one report in order of line, so that a line put in above changes nothing. Hits at one
 * line are one occurrence: the same thing, told twice. Those without a line are one as well: nothing tells them apart.
 * Numbers that they had are not looked at. Linear, but for sorting each group of equal ones.
 */
export function numberOccurrences(all: readonly Incoming[]): readonly Incoming[] {
  const found = new Map<string, Map<string, Lines>>();
  for (const { line, identity } of all) {
    for (const { algorithm, value } of identity.fingerprints) {
      if (!isNumbered(value)) continue;
      const at = line ?? 0;
      const key = value.slice(0, keyLength);
      let keys = found.get(algorithm);
      if (keys === undefined) found.set(algorithm, (keys = new Map()));
      const before = keys.get(key);
      if (before === undefined) keys.set(key, at);
      else if (before instanceof Set) before.add(at);
      else if (before !== at) keys.set(key, new Set([before, at]));
    }
  }
  const ranks = new Map<string, Map<string, ReadonlyMap<number, number>>>();
  for (const [algorithm, keys] of found) {
    const ranked = new Map<string, ReadonlyMap<number, number>>();
    for (const [key, lines] of keys) {
      if (typeof lines === "number") continue;
      const sorted = [...lines].sort((a, b) => a - b);
      ranked.set(key, new Map(sorted.map((line, index) => [line, index + 1])));
    }
    ranks.set(algorithm, ranked);
  }
  const numberOf = ({ algorithm, value }: Fingerprint, line: number | null): string => {
    if (!isNumbered(value)) return value;
    const rank = ranks
      .get(algorithm)
      ?.get(value.slice(0, keyLength))
      ?.get(line ?? 0);
    if (rank === undefined && value.length === keyLength + 2 && value.endsWith(":1")) return value;
    return withNumber(value, rank ?? 1);
  };
  return all.map((one) => {
    const { identity, line } = one;
    if (identity.fingerprints.every((print) => numberOf(print, line) === print.value)) return one;
    const fingerprints = identity.fingerprints.map((print) => ({
      algorithm: print.algorithm,
      value: numberOf(print, line),
    }));
    return { ...one, identity: { ...identity, fingerprints } };
  });
}
