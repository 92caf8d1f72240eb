import { incomingOf } from "../../../findings/identity/incoming.ts";
import { type IdentityContext, isNumbered } from "../../../findings/identity/fingerprint.ts";
import type { Observation } from "../../../model/observation.ts";

/** A text that PostgreSQL takes: no U+0000 and no half of a character, which JSON can say both. */
export function storable(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}

/** One observation as JSON text, as PostgreSQL takes it: no U+0000, which a report may hold. */
export function observationText(observation: Observation): string {
  const text = JSON.stringify(observation);
  return text.includes("\\u0000") ? JSON.stringify(withoutNul(observation)) : text;
}

/**
 * One row for the staging, see `Batch`.
 *
 * @param text what `observationText` gave
 */
export function stagedRow(
  ordinal: number,
  text: string,
  claim: boolean,
  context: IdentityContext,
): string {
  const observation = JSON.parse(text) as Observation;
  const { identity, line, ids } = incomingOf(observation, context, ordinal);
  const row = JSON.stringify({
    o: ordinal,
    q: claim,
    k: identity.kind,
    e: identity.environment ?? "",
    n: line ?? 0,
    s: identity.spot ?? "",
    i: ids,
    d: identity.drift.map(pair),
    f: identity.fingerprints.map((one) => [...pair(one), isNumbered(one.value)]),
  });
  return `${row.slice(0, -1)},"c":${text}}`;
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
