import type { Fingerprint } from "../../model/finding.ts";
import { fingerprintKey } from "../life-cycle.ts";
import { isNumbered } from "./fingerprint.ts";
import type { Incoming } from "./incoming.ts";
import type { KnownFinding } from "./known.ts";
import type { How } from "./reconcile.ts";

/** Fingerprints of one finding: a hostile report gives no more names to it than can be looked through. */
const most = 64;

/** A finding while a report is reconciled: a known one, or one that would be new. */
export interface Entity {
  readonly known: KnownFinding | null;
  how: How;
  incoming: Incoming[];
  fingerprints: readonly Fingerprint[];
  learned: readonly Fingerprint[];
  /** Fingerprints of `incoming`, once it is too long to be looked through each time. */
  met: Set<string> | null;
}

/** Whose each fingerprint is. */
export class EntityIndex {
  readonly entities: Entity[] = [];
  /** algorithm -> value -> whose. */
  readonly #owners = new Map<string, Map<string, Entity>>();
  readonly #trusted: boolean;

  constructor(trusted: boolean) {
    this.#trusted = trusted;
  }

  know(known: KnownFinding): void {
    const entity = entityOf(known);
    entity.fingerprints = known.fingerprints;
    for (const one of known.fingerprints) this.#own(entity, one);
    this.entities.push(entity);
  }

  /** Counts an observation to the finding that it is of, or to a new one. */
  place(incoming: Incoming): void {
    const { fingerprints } = incoming.identity;
    /** It has what the hit has, and something better that contradicts. */
    let contested: Entity | undefined;
    for (const [rank, fingerprint] of fingerprints.entries()) {
      const owner = this.#ownerOf(fingerprint);
      if (owner === undefined) continue;
      if (
        contradicts(owner, fingerprints, rank) ||
        isSecondPlace(owner, fingerprint) ||
        (this.#trusted && isUsurped(owner, incoming))
      ) {
        contested ??= owner;
        continue;
      }
      if (owner.known !== null && owner.incoming.length === 0) {
        owner.how = fingerprint.algorithm.startsWith("native/") ? "native" : "fingerprint";
      }
      this.#add(owner, incoming);
      return;
    }
    const made = entityOf(null);
    this.#add(made, incoming);
    // One without any fingerprint of its own would be new with every report.
    if (made.fingerprints.length === 0 && contested) this.#add(contested, incoming);
    else this.entities.push(made);
  }

  /** Makes the observations of a new entity those of a known one. */
  join(made: Entity, known: Entity, how: How): void {
    known.how = how;
    const { incoming } = made;
    made.incoming = none;
    made.fingerprints = none;
    made.learned = none;
    for (const one of incoming) this.#add(known, one, made);
  }

  #add(entity: Entity, incoming: Incoming, heir?: Entity): void {
    if (entity.incoming.length === 0) entity.incoming = [incoming];
    else entity.incoming.push(incoming);
    if (entity.met !== null) meet(entity.met, incoming);
    // What nobody vouches for teaches nothing about what a trusted scan saw.
    const mayLearn = this.#trusted || entity.known === null || !entity.known.trusted;
    for (const one of incoming.identity.fingerprints) {
      if (entity.fingerprints.length >= most || has(entity.fingerprints, one)) continue;
      const owner = this.#ownerOf(one);
      const free = owner === undefined || owner === heir || this.#mayTake(owner, one, entity);
      if (!free || !mayLearn) continue;
      this.#own(entity, one);
      entity.fingerprints = [...entity.fingerprints, one];
      entity.learned = entity.known === null ? entity.fingerprints : [...entity.learned, one];
    }
  }

  /** A trusted scan takes from a finding that only strangers reported; a copy takes the place where it stands. */
  #mayTake(owner: Entity, fingerprint: Fingerprint, entity: Entity): boolean {
    if (owner.known === null || entity.known !== null) return false;
    if (this.#trusted && !owner.known.trusted) return true;
    return (this.#trusted || !owner.known.trusted) && isSecondPlace(owner, fingerprint);
  }

  #own(entity: Entity, { algorithm, value }: Fingerprint): void {
    const values = this.#owners.get(algorithm);
    if (values) values.set(value, entity);
    else this.#owners.set(algorithm, new Map([[value, entity]]));
  }

  #ownerOf({ algorithm, value }: Fingerprint): Entity | undefined {
    return this.#owners.get(algorithm)?.get(value);
  }
}

/** Most have none of something, and share it. */
const none: never[] = [];

function entityOf(known: KnownFinding | null): Entity {
  return {
    known,
    how: "new",
    incoming: none,
    fingerprints: none,
    learned: none,
    met: null,
  };
}

/** Whether something better than the `rank`th is told of both, and differs. */
function contradicts(
  { fingerprints }: Entity,
  mine: readonly Fingerprint[],
  rank: number,
): boolean {
  for (let better = 0; better < rank; better += 1) {
    const algorithm = mine[better]?.algorithm;
    if (
      fingerprints.some((one) => one.algorithm === algorithm) &&
      !mine.some((one) => one.algorithm === algorithm && has(fingerprints, one))
    ) {
      return true;
    }
  }
  return false;
}

/**
 * Whether only strangers say that there is such a thing, and they call it another kind of thing: gates ask for kinds, so
 * whoever took a name first does not say what a trusted scan has found.
 */
export function isUsurped({ known }: Pick<Entity, "known">, { identity }: Incoming): boolean {
  return known !== null && !known.trusted && known.kind !== identity.kind;
}

/**
 * Whether the finding was met at another place of this same report: it was known at both because it moved once, and now
 * stands at both. Those are two.
 */
function isSecondPlace(entity: Entity, fingerprint: Fingerprint): boolean {
  const { known, incoming, fingerprints } = entity;
  const [first] = incoming;
  if (known === null || first === undefined || !isNumbered(fingerprint.value)) return false;
  const { algorithm } = fingerprint;
  // It was met where it was known, not by the tool's id at a place that says nothing.
  const atKnown = first.identity.fingerprints.some(
    (one) => one.algorithm === algorithm && has(fingerprints, one),
  );
  if (!atKnown) return false;
  if (incoming.length <= 8) {
    return !incoming.some(({ identity }) => has(identity.fingerprints, fingerprint));
  }
  if (entity.met === null) {
    entity.met = new Set();
    for (const one of incoming) meet(entity.met, one);
  }
  return !entity.met.has(fingerprintKey(fingerprint));
}

function meet(met: Set<string>, { identity }: Incoming): void {
  for (const one of identity.fingerprints) met.add(fingerprintKey(one));
}

function has(all: readonly Fingerprint[], { algorithm, value }: Fingerprint): boolean {
  return all.some((one) => one.algorithm === algorithm && one.value === value);
}
