import type { Fingerprint } from "../../model/finding.ts";
import { type Entity, isUsurped } from "./entity.ts";
import type { Batch } from "./reconcile.ts";

/**
 * Pairs of a new one and of one that this scope saw last time and does not see now, where everything that survives a
 * move agrees and nothing else could be meant: of one rule, one to one. Only of whole scans: what was not looked
 * at has not moved. One that was set aside as a false positive is not followed to another place.
 */
export function driftPairs(
  entities: readonly Entity[],
  { scope, complete, trusted }: Batch,
): readonly (readonly [made: Entity, known: Entity])[] {
  if (!complete) return [];
  const groups = new Map<string, { made: Entity[]; gone: Entity[] }>();
  const add = (
    side: "made" | "gone",
    entity: Entity,
    rule: string,
    all: readonly Fingerprint[],
  ) => {
    for (const { algorithm, value } of all) {
      const key = `${algorithm} ${value} ${rule}`;
      const group = groups.get(key) ?? { made: [], gone: [] };
      // A third one makes it no less ambiguous.
      if (group[side].length < 2) group[side].push(entity);
      groups.set(key, group);
    }
  };
  const candidates: Entity[] = [];
  for (const entity of entities) {
    const { known, incoming } = entity;
    const [first] = incoming;
    if (known === null && first !== undefined) {
      candidates.push(entity);
      add("made", entity, first.rule, first.identity.drift);
    } else if (
      known !== null &&
      first === undefined &&
      known.status !== "false-positive" &&
      known.scopes.some((one) => one.scope === scope && one.seen)
    ) {
      add("gone", entity, known.rule, known.drift);
    }
  }
  const taken = new Set<Entity>();
  const pairs: (readonly [Entity, Entity])[] = [];
  for (const made of candidates) {
    const [first] = made.incoming;
    if (first === undefined) continue;
    for (const { algorithm, value } of first.identity.drift) {
      const group = groups.get(`${algorithm} ${value} ${first.rule}`);
      const [gone] = group?.gone ?? [];
      if (group?.made.length !== 1 || group.gone.length !== 1 || gone === undefined) continue;
      if (trusted && isUsurped(gone, first)) continue;
      if (taken.has(gone) || !agree(first.identity, gone, algorithm)) continue;
      taken.add(gone);
      pairs.push([made, gone]);
      break;
    }
  }
  return pairs;
}

/** No better sign, and no id of the tool's own, is told of both and differs. */
function agree(
  mine: { readonly fingerprints: readonly Fingerprint[]; readonly drift: readonly Fingerprint[] },
  { known }: Entity,
  by: string,
): boolean {
  if (known === null) return false;
  const rank = mine.drift.findIndex(({ algorithm }) => algorithm === by);
  const better = mine.drift.slice(0, rank);
  const own = mine.fingerprints.filter(({ algorithm }) => algorithm.startsWith("native/"));
  return !differ(better, known.drift) && !differ(own, known.fingerprints);
}

function differ(mine: readonly Fingerprint[], theirs: readonly Fingerprint[]): boolean {
  return mine.some(
    ({ algorithm }) =>
      theirs.some((one) => one.algorithm === algorithm) &&
      !mine.some(
        (one) =>
          one.algorithm === algorithm &&
          theirs.some((other) => other.algorithm === algorithm && other.value === one.value),
      ),
  );
}
