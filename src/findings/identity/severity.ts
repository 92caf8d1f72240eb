import { type Severity, severities } from "../../model/observation.ts";

/** What one scope said last of a finding. */
export interface ScopeSeverity {
  readonly scope: string;
  readonly severity: Severity;
  /** Whether that scope still sees it. */
  readonly seen: boolean;
}

/** The worse of two. */
export function worse(a: Severity, b: Severity): Severity {
  return severities.indexOf(a) <= severities.indexOf(b) ? a : b;
}

/**
 * What a scope says after it saw the finding again. Whoever is trusted may say that it is less grave than before;
 * of everybody else the highest that they ever said stays.
 */
export function saidSeverity(before: Severity | null, now: Severity, trusted: boolean): Severity {
  return before === null || trusted ? now : worse(before, now);
}

/**
 * The severity that counts: the highest of those that the scopes which see it say. Sources that contradict each other do
 * not cancel out. While no scope sees it, what they said last stands.
 */
export function foldSeverity(scopes: readonly ScopeSeverity[], otherwise: Severity): Severity {
  const seeing = scopes.filter(({ seen }) => seen);
  const counted = seeing.length > 0 ? seeing : scopes;
  const [first, ...rest] = counted.map(({ severity }) => severity);
  return first === undefined ? otherwise : rest.reduce(worse, first);
}
