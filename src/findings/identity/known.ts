import type { Fingerprint, FindingStatus } from "../../model/finding.ts";
import type { FindingKind, Severity } from "../../model/observation.ts";
import type { Standing } from "../life-cycle.ts";

/** A finding that stands in the store, as reconciling needs it. */
export interface KnownFinding extends Standing {
  /** The store's, opaque here. */
  readonly id: string;
  readonly kind: FindingKind;
  readonly rule: string;
  readonly status: FindingStatus;
  readonly severity: Severity;
  readonly fingerprints: readonly Fingerprint[];
  /** `Identity.drift` and `.spot` of its newest observation. */
  readonly drift: readonly Fingerprint[];
  readonly spot: string | null;
  /** Newest release that it was seen in: `spot` compares only within one. */
  readonly lastRelease: string | null;
  /** Some trusted import has seen it. */
  readonly trusted: boolean;
  readonly scopes: readonly KnownScope[];
  readonly ids: readonly string[];
}

export interface KnownScope {
  readonly scope: string;
  readonly tool: string;
  readonly severity: Severity;
  readonly seen: boolean;
}
