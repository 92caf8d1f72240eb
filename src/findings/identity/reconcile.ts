import type { Fingerprint } from "../../model/finding.ts";
import type { Severity } from "../../model/observation.ts";
import { type Transition, whenSeen, whenUnseen } from "../life-cycle.ts";
import { driftPairs } from "./drift.ts";
import { type Entity, EntityIndex } from "./entity.ts";
import type { Incoming } from "./incoming.ts";
import type { KnownFinding } from "./known.ts";
import { numberOccurrences } from "./occurrences.ts";
import { foldSeverity, saidSeverity, worse } from "./severity.ts";
import { spotPairs } from "./spot.ts";
import { toolName } from "./tool-name.ts";

/** One import, as far as reconciling cares. */
export interface Batch {
  /** `scopeId`. */
  readonly scope: string;
  readonly tool: string;
  readonly trusted: boolean;
  /** The scan was whole. */
  readonly complete: boolean;
  /** The release that was scanned; null where the report names none. */
  readonly release: string | null;
  /** When that release came in (milliseconds, or any number that grows); null where it is not known. */
  readonly order: number | null;
  /** Now, RFC 3339. */
  readonly at: string;
}

/** How it was told that an observation is of a finding. */
export type How = "native" | "fingerprint" | "same-place" | "moved" | "new";

/** What an import says of one finding. */
export interface Outcome {
  /** Null: a finding that is to be made. */
  readonly known: string | null;
  readonly how: How;
  /** Observations of it, in the report's order; there is at least one. */
  readonly ordinals: readonly number[];
  /** The worst of them, the first of equals: what a new finding takes its texts from. */
  readonly worst: number;
  /**
   * Fingerprints that are its own from now on, also where another finding had them (`on conflict do update`).
   */
  readonly learn: readonly Fingerprint[];
  /** To be kept with it for the next time; those of its first observation. */
  readonly drift: readonly Fingerprint[];
  readonly spot: string | null;
  /** What this scope says now, and what counts over all scopes. */
  readonly scopeSeverity: Severity;
  readonly severity: Severity;
  readonly transition: Transition | null;
}

/** A finding that the scope saw last time and does not see now. */
export interface Unseen {
  readonly known: string;
  /** True: the scope does not see it any more. False: only noted. */
  readonly gone: boolean;
  readonly transition: Transition | null;
  readonly note: string;
  /** What counts over the scopes that are left. */
  readonly severity: Severity;
}

export interface Reconciliation {
  readonly outcomes: readonly Outcome[];
  readonly unseen: readonly Unseen[];
}

/**
 * Tells which findings a report is about. First all that is known (`know`: whatever shares a fingerprint with the report,
 * and whatever its scope saw last time), then all observations (`see`), then `finish`. Linear in both.
 *
 * Order: the tool's own id; the best algorithm that both have, and nothing better that contradicts; another tool's hit of
 * the same CWE at the same line of the same release; a unique pair of one that vanished and one that came, which
 * what moves leaves alike; else new.
 *
 * What nobody vouches for may open findings and be counted to them. It teaches a finding that a trusted scan saw no
 * fingerprint: else a report that names one hit by the fingerprints of two would hide the second behind the first.
 */
export class Reconciler {
  readonly #batch: Batch;
  readonly #index: EntityIndex;
  readonly #incoming: Incoming[] = [];

  constructor(batch: Batch) {
    this.#batch = { ...batch, tool: toolName(batch.tool) };
    this.#index = new EntityIndex(batch.trusted);
  }

  know(finding: KnownFinding): void {
    this.#index.know(finding);
  }

  see(incoming: Incoming): void {
    this.#incoming.push(incoming);
  }

  finish(): Reconciliation {
    const all = numberOccurrences(this.#incoming);
    const index = this.#index;
    for (const incoming of all) index.place(incoming);
    for (const [made, known] of spotPairs(index.entities, this.#batch)) {
      index.join(made, known, "same-place");
    }
    for (const [made, known] of driftPairs(index.entities, this.#batch)) {
      index.join(made, known, "moved");
    }
    const outcomes: Outcome[] = [];
    const unseen: Unseen[] = [];
    for (const entity of index.entities) {
      if (entity.incoming.length > 0) outcomes.push(this.#outcomeOf(entity));
      else if (entity.known !== null && isExpected(entity.known, this.#batch)) {
        unseen.push(unseenBy(entity.known, this.#batch));
      }
    }
    return { outcomes, unseen };
  }

  /** What nobody vouches for does not say by what a finding is known after it moved. */
  #keptOf({ known, incoming: [first] }: Entity): Pick<Outcome, "drift" | "spot"> {
    if (known?.trusted === true && !this.#batch.trusted) {
      return { drift: known.drift, spot: known.spot };
    }
    return { drift: first?.identity.drift ?? [], spot: first?.identity.spot ?? null };
  }

  #outcomeOf(entity: Entity): Outcome {
    const { known, incoming, how, learned } = entity;
    const { scope, trusted, order, at } = this.#batch;
    const [first] = incoming;
    const worst = incoming.reduce((a, b) => (worse(a.severity, b.severity) === a.severity ? a : b));
    const before = known?.scopes.find((one) => one.scope === scope)?.severity ?? null;
    const scopeSeverity = saidSeverity(before, worst.severity, trusted);
    const others = known?.scopes.filter((one) => one.scope !== scope) ?? [];
    return {
      known: known?.id ?? null,
      how,
      ordinals: incoming.map(({ ordinal }) => ordinal),
      worst: worst.ordinal,
      learn: learned,
      ...this.#keptOf(entity),
      scopeSeverity,
      severity: foldSeverity(
        [...others, { scope, severity: scopeSeverity, seen: true }],
        scopeSeverity,
      ),
      transition:
        known === null
          ? null
          : whenSeen(known, {
              order,
              trusted,
              at,
              fingerprints:
                incoming.length === 1
                  ? (first?.identity.fingerprints ?? [])
                  : incoming.flatMap(({ identity }) => identity.fingerprints),
            }),
    };
  }
}

/** Whether the scope saw it when it looked last. */
export function isExpected(known: KnownFinding, { scope }: Pick<Batch, "scope">): boolean {
  return known.scopes.some((one) => one.scope === scope && one.seen);
}

/** What it means that a scan misses one that its scope saw. */
export function unseenBy(known: KnownFinding, batch: Batch): Unseen {
  const { scope, trusted, complete, order } = batch;
  const others = known.scopes.filter((one) => one.scope !== scope);
  const seenElsewhere = others.filter(({ seen }) => seen).length;
  const { transition, note } = whenUnseen(known, { order, trusted, complete, seenElsewhere });
  const older = order !== null && known.lastOrder !== null && order < known.lastOrder;
  const gone = trusted && complete && order !== null && !older;
  return {
    known: known.id,
    gone,
    transition,
    note,
    severity: gone && seenElsewhere > 0 ? foldSeverity(others, known.severity) : known.severity,
  };
}
