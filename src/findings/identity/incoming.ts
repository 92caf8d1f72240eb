import type { Observation, Severity } from "../../model/observation.ts";
import { type Identity, type IdentityContext, identityOf } from "./fingerprint.ts";
import { namedIds } from "./alias.ts";

/** What reconciling needs of an observation: small, so that a hundred thousand of them can be held. */
export interface Incoming {
  /** Its number within the import. */
  readonly ordinal: number;
  readonly rule: string;
  readonly severity: Severity;
  readonly line: number | null;
  readonly identity: Identity;
  /** Vulnerabilities that it names, to find what is related. */
  readonly ids: readonly string[];
}

/** Made where the report is read, once an observation. */
export function incomingOf(
  observation: Observation,
  context: IdentityContext,
  ordinal: number,
): Incoming {
  const { rule, severity, place, aliases } = observation;
  const identity = identityOf(observation, context);
  return {
    ordinal,
    rule,
    severity,
    line: place.kind === "file" ? (place.line ?? null) : null,
    identity,
    ids: identity.kind === "dependency" ? namedIds(rule, aliases) : [],
  };
}
