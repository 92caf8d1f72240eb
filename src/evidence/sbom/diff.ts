import { type Component, componentKey, type Sbom } from "./component.ts";

/** What became of one package between two SBOMs. */
export type Change =
  | { readonly kind: "added" | "removed"; readonly name: string; readonly version: string }
  | {
      readonly kind: "version";
      readonly name: string;
      readonly from: readonly string[];
      readonly to: readonly string[];
    }
  | {
      readonly kind: "licence";
      readonly name: string;
      readonly version: string;
      readonly from: readonly string[];
      readonly to: readonly string[];
    }
  /** The same version with other bytes: of all changes the one to look at first. */
  | {
      readonly kind: "bytes";
      readonly name: string;
      readonly version: string;
      readonly algorithm: string;
      readonly from: string;
      readonly to: string;
    };

/** From `a` to `b`, by name. The order in which either lists its components shows nowhere. */
export function diffSboms(a: Sbom, b: Sbom): readonly Change[] {
  const [before, after] = [grouped(a), grouped(b)];
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((key) => changesOf(key, before.get(key) ?? [], after.get(key) ?? []));
}

function changesOf(
  key: string,
  before: readonly Component[],
  after: readonly Component[],
): readonly Change[] {
  const name = after[0]?.name ?? before[0]?.name ?? key;
  const versions = (list: readonly Component[]) =>
    [...new Set(list.map(({ version }) => version))].sort();
  const gone = versions(before).filter((version) => !versions(after).includes(version));
  const come = versions(after).filter((version) => !versions(before).includes(version));
  const moved: Change[] =
    gone.length > 0 && come.length > 0
      ? [{ kind: "version", name, from: gone, to: come }]
      : [
          ...gone.map((version) => ({ kind: "removed" as const, name, version })),
          ...come.map((version) => ({ kind: "added" as const, name, version })),
        ];
  return [...moved, ...versions(after).flatMap((version) => within(name, version, before, after))];
}

/** What changed although the version did not. */
function within(
  name: string,
  version: string,
  before: readonly Component[],
  after: readonly Component[],
): readonly Change[] {
  const old = before.find((one) => one.version === version);
  const now = after.find((one) => one.version === version);
  if (!old || !now) return [];
  const changes: Change[] = [];
  if (old.licences.join("\0") !== now.licences.join("\0")) {
    changes.push({ kind: "licence", name, version, from: old.licences, to: now.licences });
  }
  for (const [algorithm, from] of Object.entries(old.hashes).sort()) {
    const to = now.hashes[algorithm];
    if (to !== undefined && to !== from) {
      changes.push({ kind: "bytes", name, version, algorithm, from, to });
    }
  }
  return changes;
}

function grouped({ components }: Sbom): ReadonlyMap<string, readonly Component[]> {
  const groups = new Map<string, Component[]>();
  for (const component of components) {
    const key = componentKey(component);
    const group = groups.get(key);
    if (group) group.push(component);
    else groups.set(key, [component]);
  }
  return groups;
}
