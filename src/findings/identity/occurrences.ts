import { unnumbered } from "./fingerprint.ts";
import type { Incoming } from "./incoming.ts";

/**
 * Numbers what is equal within one report in order of line, so that a line put in above changes nothing. Hits at one
 * line are one occurrence: the same thing, told twice. Those without a line are one as well: nothing tells them apart.
 * Linear, but for sorting each group of equal ones.
 */
export function numberOccurrences(all: readonly Incoming[]): readonly Incoming[] {
  const lines = new Map<string, Set<number>>();
  for (const { line, identity } of all) {
    for (const { algorithm, value } of identity.fingerprints) {
      const base = unnumbered(value);
      if (base === null) continue;
      const key = `${algorithm} ${base}`;
      const before = lines.get(key);
      if (before) before.add(line ?? 0);
      else lines.set(key, new Set([line ?? 0]));
    }
  }
  const ranks = new Map<string, ReadonlyMap<number, number>>();
  for (const [key, found] of lines) {
    if (found.size < 2) continue;
    const sorted = [...found].sort((a, b) => a - b);
    ranks.set(key, new Map(sorted.map((line, index) => [line, index + 1])));
  }
  if (ranks.size === 0) return all;
  return all.map((one) => {
    let changed = false;
    const fingerprints = one.identity.fingerprints.map((fingerprint) => {
      const base = unnumbered(fingerprint.value);
      const rank =
        base === null
          ? undefined
          : ranks.get(`${fingerprint.algorithm} ${base}`)?.get(one.line ?? 0);
      if (rank === undefined || rank === 1) return fingerprint;
      changed = true;
      return { algorithm: fingerprint.algorithm, value: `${base}:${rank}` };
    });
    return changed ? { ...one, identity: { ...one.identity, fingerprints } } : one;
  });
}
