/** Thrown for what only a whole implementation of RFC 8785 may answer; no message, no stack worth having. */
const beyond = new Error("not plain enough");

/** Deeper values are left to it too: nothing here may overflow the stack. */
const mostLevels = 100;

/** Names that were looked at before, which nearly all were; no more and no longer ones than cost nothing to keep. */
const usual = new Set<string>();
const mostUsual = 4_096;
const longestUsual = 64;

/**
 * The same value with the keys of every object in canonical order (RFC 8785, 3.2.3), so that `JSON.stringify` writes it
 * canonically; objects that have them in order already are taken as they are. Whether texts are well-formed is for the caller
 * to see in what is written. Null for what is not plain JSON, or holds
 * keys that no object keeps in that order: then the slow way decides.
 */
export function inCanonicalOrder(value: unknown): { readonly value: unknown } | null {
  try {
    return { value: ordered(value, mostLevels) };
  } catch (error) {
    if (error === beyond) return null;
    throw error;
  }
}

function ordered(value: unknown, levels: number): unknown {
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) throw beyond;
      return value;
    case "string":
    case "boolean":
      return value;
    case "object":
      if (value === null) return value;
      if (levels === 0) throw beyond;
      return Array.isArray(value) ? orderedItems(value, levels) : orderedKeys(value, levels);
    default:
      throw beyond;
  }
}

function orderedItems(items: readonly unknown[], levels: number): readonly unknown[] {
  let copy: unknown[] | null = null;
  // By place: a hole is no value, and `forEach` would pass over it.
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at];
    const other = ordered(item, levels - 1);
    if (other !== item) copy ??= items.slice();
    if (copy !== null) copy[at] = other;
  }
  return copy ?? items;
}

function orderedKeys(value: object, levels: number): object {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw beyond;
  const from = value as Readonly<Record<string, unknown>>;
  let made: Record<string, unknown> | null = null;
  let last = "";
  let inOrder = true;
  for (const key in from) {
    if (key < last) inOrder = false;
    last = key;
    if (!usual.has(key)) requireUsual(key);
    const member = from[key];
    if (member === undefined) continue;
    const other = ordered(member, levels - 1);
    if (other !== member) (made ??= { ...from })[key] = other;
  }
  const members = made ?? from;
  if (inOrder) return members;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(members).sort()) copy[key] = members[key];
  return copy;
}

function requireUsual(key: string): void {
  const first = key.charCodeAt(0);
  // Objects keep whole numbers in the order of numbers, whatever is done.
  const numeric = first >= 0x30 && first <= 0x39;
  if (numeric || key === "toJSON" || key === "__proto__" || !key.isWellFormed()) throw beyond;
  if (usual.size < mostUsual && key.length <= longestUsual) usual.add(key);
}
