import { printable } from "../../model/printable.ts";
import type { Difference } from "./classes.ts";

type Kind = "object" | "array" | "string" | "number" | "boolean";

interface Place {
  readonly kinds: Set<Kind>;
  readonly parent: string | null;
  /** JSON text of a scalar that stands there exactly once (outside arrays); null where several may. */
  value: string | null;
}

/** What a JSON body consists of: every path, items of an array taken together, with the kinds found there. */
export type Shape = ReadonlyMap<string, Place>;

const maxPlaces = 20_000;
const maxNodes = 500_000;
const maxDepth = 60;

/** Null for one that is too large or too deep to be compared by its fields. */
export function shapeOf(data: unknown, ignored: readonly (readonly string[])[]): Shape | null {
  const shape = new Map<string, Place>();
  interface Todo {
    readonly value: unknown;
    readonly path: readonly string[];
    readonly parent: string | null;
  }
  const todo: Todo[] = [{ value: data, path: [], parent: null }];
  let nodes = 0;
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    nodes += 1;
    const { value, path, parent } = next;
    if (nodes > maxNodes || shape.size > maxPlaces || path.length > maxDepth) return null;
    if (ignored.some((one) => covers(one, path))) continue;
    const key = nameOf(path);
    const place = shape.get(key) ?? { kinds: new Set<Kind>(), parent, value: null };
    shape.set(key, place);
    // Null is no kind of its own: a field may be empty on one side.
    if (value === null) continue;
    if (Array.isArray(value)) {
      place.kinds.add("array");
      for (const item of value as unknown[]) {
        todo.push({ value: item, path: [...path, "[]"], parent: key });
      }
    } else if (typeof value === "object") {
      place.kinds.add("object");
      for (const [name, field] of Object.entries(value)) {
        todo.push({ value: field, path: [...path, `.${name}`], parent: key });
      }
    } else if (
      typeof value === "string" ||
      typeof value === "number" ||
      typeof value === "boolean"
    ) {
      place.kinds.add(typeof value as Kind);
      if (!path.includes("[]")) place.value = JSON.stringify(value);
    }
  }
  return shape;
}

/** How the fields of `tested` differ from those of `live`. */
export function compareShapes(live: Shape, tested: Shape): Difference[] {
  const found: Difference[] = [];
  for (const [place, was] of live) {
    const is = tested.get(place);
    if (is === undefined) {
      if (!isTopmost(live, tested, was, place)) continue;
      found.push({ class: "field-gone", place, message: `${place} is gone` });
      continue;
    }
    const before = [...was.kinds];
    const after = [...is.kinds];
    if (before.length > 0 && after.length > 0 && !before.some((kind) => is.kinds.has(kind))) {
      const message = `${place} is ${after.join(" or ")} now, and was ${before.join(" or ")}`;
      found.push({ class: "field-type", place, message });
    } else if (was.value !== null && is.value !== null && was.value !== is.value) {
      found.push({ class: "value", place, message: `${place} has another value` });
    }
  }
  for (const [place, is] of tested) {
    if (live.has(place) || !isTopmost(tested, live, is, place)) continue;
    const which = sensitive.test(place) ? "sensitive-field-added" : "field-added";
    found.push({ class: which, place, message: `${place} is new` });
  }
  return found;
}

/** Names of fields that are rarely for everybody. */
const sensitive =
  /(pass(word|wd|phrase)?|secret|token|api_?key|private|credential|ssn|iban|hash|salt|internal|debug|stack)[^.[]*$/i;

/** Its holder is there on the other side and holds something: an empty list or an absent object says nothing of it. */
function isTopmost(own: Shape, other: Shape, place: Place, name: string): boolean {
  if (place.parent === null) return true;
  const holder = other.get(place.parent);
  if (holder === undefined || name.endsWith("[]")) return false;
  const kinds = own.get(place.parent)?.kinds;
  return kinds !== undefined && [...kinds].some((kind) => holder.kinds.has(kind));
}

function nameOf(path: readonly string[]): string {
  const text = path.map((part) =>
    part === "[]" || /^\.[A-Za-z_$][\w$-]{0,100}$/.test(part)
      ? part
      : `[${printable(JSON.stringify(part.slice(1)), 100)}]`,
  );
  return `$${text.join("")}`;
}

/** `items[].price`, `$.meta.*`, `$`: the parts as `shapeOf` makes them; `.*` is any key. Null when it is none. */
export function parseIgnored(text: string): readonly string[] | null {
  const path = text === "$" ? "" : text.startsWith("$") ? text.slice(1) : `.${text}`;
  const parts: string[] = [];
  const part = /\.([A-Za-z_$][\w$-]*|\*)|\[\]|\["([^"\\]*)"\]/y;
  while (part.lastIndex < path.length) {
    const found = part.exec(path);
    if (found === null) return null;
    const [whole, key, quoted] = found;
    parts.push(whole === "[]" ? "[]" : `.${key ?? quoted ?? ""}`);
  }
  return parts;
}

function covers(ignored: readonly string[], path: readonly string[]): boolean {
  if (path.length < ignored.length) return false;
  return ignored.every((part, at) => part === path[at] || (part === ".*" && path[at] !== "[]"));
}
