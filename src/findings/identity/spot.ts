import type { Entity } from "./entity.ts";
import type { Batch } from "./reconcile.ts";

/**
 * Pairs of a new one and of another tool's that is of the same CWE at the same line of the same release. Lines of two
 * releases are not compared. Where two stand at one line nobody can tell which is meant: they are only related.
 */
export function spotPairs(
  entities: readonly Entity[],
  { release, tool }: Batch,
): readonly (readonly [made: Entity, known: Entity])[] {
  if (release === null) return [];
  const groups = new Map<string, { made: Entity[]; known: Entity[] }>();
  for (const entity of entities) {
    const { known, incoming } = entity;
    const spot = known === null ? incoming[0]?.identity.spot : known.spot;
    if (spot === null || spot === undefined) continue;
    if (known !== null && (known.lastRelease !== release || known.status === "false-positive")) {
      continue;
    }
    const group = groups.get(spot) ?? { made: [], known: [] };
    const side = known === null ? group.made : group.known;
    if (side.length < 2) side.push(entity);
    groups.set(spot, group);
  }
  return [...groups.values()].flatMap(({ made, known }) => {
    const [one] = made;
    const [other] = known;
    if (made.length !== 1 || known.length !== 1 || one === undefined || other === undefined) {
      return [];
    }
    const sameTool = other.known?.scopes.some((scope) => scope.tool === tool) ?? true;
    return sameTool || other.incoming.length > 0 ? [] : [[one, other] as const];
  });
}
