import type { Observation } from "../../../model/observation.ts";
import { environmentOf, fingerprintsOf, kindOf } from "./identify.ts";

/** One observation as JSON text for the staging, see `Batch`. */
export function stagedRow(
  ordinal: number,
  observation: Observation,
  claim: boolean,
  environment: string | null,
): string {
  const kind = kindOf(observation);
  const row = {
    o: ordinal,
    q: claim,
    k: kind,
    e: environmentOf(kind, environment) ?? "",
    c: observation,
    f: fingerprintsOf(observation).map(({ algorithm, value }) => [algorithm, value]),
  };
  const text = JSON.stringify(row);
  // PostgreSQL takes no U+0000 in texts; a report may hold it.
  return text.includes("\\u0000") ? JSON.stringify(withoutNul(row)) : text;
}

function withoutNul(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("\0", "\uFFFD");
  if (Array.isArray(value)) return value.map(withoutNul);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key.replaceAll("\0", "\uFFFD"), withoutNul(one)]),
  );
}
