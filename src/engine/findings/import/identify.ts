import { createHash } from "node:crypto";
import type { Fingerprint } from "../../../model/finding.ts";
import type { FindingKind, Observation } from "../../../model/observation.ts";

/** What kind of thing an observation is of, where its format leaves it open. */
export function kindOf({ kind, place, secret }: Observation): FindingKind {
  if (kind !== undefined) return kind;
  if (secret !== undefined) return "secret";
  const byPlace = {
    file: "code",
    package: "dependency",
    http: "web",
    port: "network",
    resource: "infrastructure",
  } as const;
  return byPlace[place.kind];
}

/** Kinds that are of one environment: the same port or machine elsewhere is another thing. */
const ofEnvironment: ReadonlySet<FindingKind> = new Set([
  "network",
  "host",
  "runtime",
  "infrastructure",
]);

export function environmentOf(kind: FindingKind, environment: string | null): string | null {
  return ofEnvironment.has(kind) ? environment : null;
}

/** Fingerprints of one observation, the one that counts most first; never none. */
export function fingerprintsOf(observation: Observation): readonly Fingerprint[] {
  const { fingerprint, fingerprints, rule, place, scope, context } = observation;
  const known = Object.entries(fingerprints ?? {}).map(([algorithm, value]) => ({
    algorithm: `tool/${algorithm}`,
    value,
  }));
  const { line: _line, ...where } = { line: 0, ...place };
  return [
    ...(fingerprint === undefined ? [] : [{ algorithm: "native", value: fingerprint }]),
    ...known,
    {
      algorithm: "place/1",
      value: keyOf([rule, JSON.stringify(where), scope ?? "", context ?? ""]),
    },
  ];
}

function keyOf(fields: readonly string[]): string {
  const text = fields.map((field) => `${field.length}:${field}`).join("");
  return createHash("sha256").update(text).digest("hex");
}
