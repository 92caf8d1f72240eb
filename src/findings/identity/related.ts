import type { Entity } from "./entity.ts";

const most = 8;

/**
 * Known findings that may be the same as a new one, and were not merged: those that share a fingerprint and contradict
 * it, and those that name the same vulnerability.
 */
export function relatedTo(entities: readonly Entity[]): (entity: Entity) => readonly string[] {
  const byId = new Map<string, string[]>();
  for (const { known } of entities) {
    for (const id of known?.ids ?? []) {
      const before = byId.get(id);
      if (before === undefined) byId.set(id, [known?.id ?? ""]);
      else if (before.length < most) before.push(known?.id ?? "");
    }
  }
  return ({ known, contested, incoming }) => {
    if (known !== null) return [];
    const found = new Set(contested.flatMap((one) => (one.known === null ? [] : [one.known.id])));
    for (const id of incoming[0]?.ids ?? []) {
      if (found.size >= most) break;
      for (const one of byId.get(id) ?? []) found.add(one);
    }
    return [...found].slice(0, most);
  };
}
