import { canonicalJson } from "../model/canonical.ts";
import type { PolicyPart } from "./policy-of.ts";

const longestLine = 300;
const mostLines = 100;

/**
 * What one policy says otherwise than another, a line each: `floor.gate: "baseline" becomes "strict"`. Things with a
 * name (checks, rules, windows) are told apart by it, wherever they stand in their list.
 *
 * @param before null: there was none
 */
export function policyDiff(
  title: string,
  before: PolicyPart | null,
  after: PolicyPart | null,
): readonly string[] {
  const old = before === null ? new Map<string, string>() : flat(before);
  const fresh = after === null ? new Map<string, string>() : flat(after);
  const lines = [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((path) => {
    const [was, is] = [old.get(path), fresh.get(path)];
    if (was === is || named.has(path)) return [];
    // Of what is new all that asks for nothing is left out.
    if (before === null && is !== undefined && asksNothing.has(is)) return [];
    // Nothing in a list is no difference of its own where the other side says what was in it.
    if ((was === "[]" && hasBelow(fresh, path)) || (is === "[]" && hasBelow(old, path))) return [];
    if (was === undefined) return [`${path} is new: ${is}`];
    return [is === undefined ? `${path} goes: it was ${was}` : `${path}: ${was} becomes ${is}`];
  });
  const shown = lines.slice(0, mostLines).map((line) => {
    const whole = `${title}: ${line}`;
    return whole.length > longestLine ? `${whole.slice(0, longestLine - 1)}…` : whole;
  });
  const more = lines.length - shown.length;
  return more > 0 ? [...shown, `${title}: and ${more} more differences`] : shown;
}

function hasBelow(values: ReadonlyMap<string, string>, path: string): boolean {
  return [...values.keys()].some((key) => key.startsWith(`${path}.`));
}

/** Said in the title. */
const named: ReadonlySet<string> = new Set(["name", "service"]);
const asksNothing: ReadonlySet<string> = new Set(["[]", "0", "false", "{}"]);

/** Values by path; what has a name is one value, so that a check is seen whole. */
function flat(value: PolicyPart, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, inner] of Object.entries(value)) {
    const place = path === "" ? key : `${path}.${key}`;
    if (isNamedList(inner)) {
      for (const one of inner) found.set(`${place}.${one.name}`, canonicalJson(one));
    } else if (isObject(inner)) for (const entry of flat(inner, place)) found.set(...entry);
    else if (inner !== undefined) found.set(place, canonicalJson(inner));
  }
  return found;
}

function isObject(value: unknown): value is PolicyPart {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Each name once: of two under one name the second would hide the first. */
function isNamedList(value: unknown): value is readonly { readonly name: string }[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  const names = value.map((one: unknown) => (isObject(one) ? one["name"] : undefined));
  return names.every((one) => typeof one === "string") && new Set(names).size === names.length;
}
