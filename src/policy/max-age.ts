import type { Evidence } from "./evidence.ts";

/**
 * What an environment's greatest age makes of evidence: each expires at the latest so long after it was gathered. One
 * whose time cannot be read has expired.
 */
export function limitedBy(
  maxAgeMs: number | undefined,
  evidence: readonly Evidence[],
): readonly Evidence[] {
  if (maxAgeMs === undefined) return evidence;
  return evidence.map((item) => {
    const limit = Date.parse(item.at) + maxAgeMs;
    const own = item.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(item.expiresAt);
    if (own <= limit) return item;
    const expiresAt =
      Math.abs(limit) <= latest && !Number.isNaN(own)
        ? new Date(limit).toISOString()
        : "no time that can be read";
    return { ...item, expiresAt };
  });
}

/** The last moment that a date can name. Milliseconds. */
const latest = 8.64e15;
