import { incomingOf } from "../../../findings/identity/incoming.ts";
import { type IdentityContext, isNumbered } from "../../../findings/identity/fingerprint.ts";
import type { Observation } from "../../../model/observation.ts";

/** One observation as JSON text for the staging, see `Batch`. */
export function stagedRow(
  ordinal: number,
  observation: Observation,
  claim: boolean,
  context: IdentityContext,
): string {
  const { identity, line, ids } = incomingOf(observation, context, ordinal);
  const row = {
    o: ordinal,
    q: claim,
    k: identity.kind,
    e: identity.environment ?? "",
    n: line ?? 0,
    s: identity.spot ?? "",
    i: ids,
    d: identity.drift.map(pair),
    f: identity.fingerprints.map((one) => [...pair(one), isNumbered(one.algorithm)]),
    c: observation,
  };
  const text = JSON.stringify(row);
  // PostgreSQL takes no U+0000 in texts; a report may hold it.
  return text.includes("\\u0000") ? JSON.stringify(withoutNul(row)) : text;
}

function pair({ algorithm, value }: { algorithm: string; value: string }) {
  return [algorithm, value];
}

function withoutNul(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("\0", "\uFFFD");
  if (Array.isArray(value)) return value.map(withoutNul);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key.replaceAll("\0", "\uFFFD"), withoutNul(one)]),
  );
}
