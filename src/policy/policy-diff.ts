import { canonicalJson } from "../model/canonical.ts";
import { isDurationKey, wordsOf } from "./document-words.ts";
import type { PolicyPart } from "./policy-of.ts";

const longestLine = 300;
const mostLines = 100;

/**
 * What one policy says otherwise than another, a line each: `floor.gate: baseline becomes strict`. Things with a
 * name (checks, rules, windows) are told apart by it, wherever they stand in their list. Values read as the document
 * writes them: `7d`, not milliseconds.
 *
 * @param before null: there was none
 */
export function policyDiff(
  title: string,
  before: PolicyPart | null,
  after: PolicyPart | null,
): readonly string[] {
  const old = before === null ? new Map<string, Said>() : flat(before);
  const fresh = after === null ? new Map<string, Said>() : flat(after);
  const lines = [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((path) => {
    const [was, is] = [old.get(path), fresh.get(path)];
    if (was?.exact === is?.exact || named.has(path)) return [];
    // Of what is new all that asks for nothing is left out.
    if (before === null && is !== undefined && asksNothing.has(is.exact)) return [];
    // Nothing in a list is no difference of its own where the other side says what was in it.
    if (isEmpty(was) && hasBelow(fresh, path)) return [];
    if (isEmpty(is) && hasBelow(old, path)) return [];
    if (was === undefined) return is === undefined ? [] : [`${path} is new: ${is.words}`];
    if (is === undefined) return [`${path} goes: it was ${was.words}`];
    return [`${path}: ${between(was, is)}`];
  });
  const shown = lines.slice(0, mostLines).map((line) => {
    const whole = `${title}: ${line}`;
    return whole.length > longestLine ? `${whole.slice(0, longestLine - 1)}…` : whole;
  });
  const more = lines.length - shown.length;
  return more > 0 ? [...shown, `${title}: and ${more} more differences`] : shown;
}

/** A value exactly, to compare; for people; and itself. */
interface Said {
  readonly exact: string;
  readonly words: string;
  readonly value: unknown;
}

function isEmpty(said: Said | undefined): boolean {
  return said?.exact === "[]";
}

/** Of a thing that stays (a check, a rule) only what is otherwise. */
function between(was: Said, is: Said): string {
  const whole = `${was.words} becomes ${is.words}`;
  if (!isObject(was.value) || !isObject(is.value)) return whole;
  const [old, fresh] = [flat(was.value), flat(is.value)];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  const changed = keys.filter((key) => old.get(key)?.exact !== fresh.get(key)?.exact);
  const none = "nothing";
  return changed
    .map((key) => `${key} ${old.get(key)?.words ?? none} becomes ${fresh.get(key)?.words ?? none}`)
    .join("; ");
}

function hasBelow(values: ReadonlyMap<string, Said>, path: string): boolean {
  return [...values.keys()].some((key) => key.startsWith(`${path}.`));
}

/** Said in the title. */
const named: ReadonlySet<string> = new Set(["name", "service"]);
const asksNothing: ReadonlySet<string> = new Set(["[]", "0", "false", "{}"]);

/** Values by path; what has a name is one value, so that a check is seen whole. */
function flat(value: PolicyPart, path = ""): Map<string, Said> {
  const found = new Map<string, Said>();
  const say = (place: string, key: string, inner: unknown) => {
    // What an adapter gets is not ours to convert.
    const isTime = isDurationKey(key) && !place.split(".").includes("with");
    const words = isTime ? wordsOf(inner, key) : wordsOf(inner);
    found.set(place, { exact: canonicalJson(inner), words, value: inner });
  };
  for (const [key, inner] of Object.entries(value)) {
    const place = path === "" ? key : `${path}.${key}`;
    if (isNamedList(inner)) for (const one of inner) say(`${place}.${one.name}`, "", one);
    else if (isObject(inner)) for (const entry of flat(inner, place)) found.set(...entry);
    else if (inner !== undefined) say(place, key, inner);
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
