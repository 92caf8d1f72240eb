import { GateFacts } from "../model/gate-facts.ts";

/** What an expression over facts reads, for people: the paths in it and what stands there. Pure. */

/** A value as a line of text can hold it. Characters. */
const mostCharacters = 160;
const mostItems = 5;
const mostPaths = 20;

export interface Read {
  readonly name: string;
  readonly value: string;
}

/** Each path once, in the order of the expression. What it computes from them, the decision says. */
export function readBy(expression: string, facts: object): readonly Read[] {
  const paths = pathsIn(expression).slice(0, mostPaths);
  return paths.map((path) => ({ name: path.join("."), value: shortValue(valueAt(facts, path)) }));
}

const roots = new Set(Object.keys(GateFacts.shape));

/** `findings.open.critical`, `checks["sast"].verdict`; a call at its end is none of it. */
function pathsIn(expression: string): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  for (const path of chains(expression)) {
    if (roots.has(path[0] ?? "")) found.set(path.join("\0"), path);
  }
  return [...found.values()];
}

const token =
  /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z_][A-Za-z_0-9]*|\d[\d.eE]*|[.[\]()]|[^\s]/g;

function* chains(expression: string): Generator<readonly string[]> {
  const tokens = expression.match(token) ?? [];
  let at = 0;
  while (at < tokens.length) {
    const start = tokens[at] ?? "";
    const before = tokens[at - 1];
    at += 1;
    // A field of something computed, or the name of a variable's field, is no root.
    if (!/^[A-Za-z_]/.test(start) || before === ".") continue;
    const path = [start];
    for (;;) {
      const [dot, name = "", after] = tokens.slice(at, at + 3);
      if (dot === "." && /^[A-Za-z_]/.test(name)) {
        if (after === "(") break;
        path.push(name);
        at += 2;
      } else if (dot === "[" && /^["']/.test(name) && after === "]") {
        path.push(name.slice(1, -1));
        at += 3;
      } else break;
    }
    if (tokens[at] !== "(") yield path;
  }
}

function valueAt(facts: object, path: readonly string[]): unknown {
  let value: unknown = facts;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

function shortValue(value: unknown): string {
  if (value === undefined) return "not there";
  if (value === null) return "unknown (null)";
  if (Array.isArray(value)) return listText(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return clipped(text);
}

function listText(items: readonly unknown[]): string {
  if (items.length === 0) return "none";
  const shown = items.slice(0, mostItems).map(itemText);
  const more = items.length - shown.length;
  return clipped(`${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`);
}

/** Of a finding its number: everything else is a command away. */
function itemText(item: unknown): string {
  if (typeof item !== "object" || item === null) return String(item);
  const { id, check } = item as { id?: unknown; check?: unknown };
  return typeof id === "string" ? id : typeof check === "string" ? check : JSON.stringify(item);
}

function clipped(text: string): string {
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text;
}
