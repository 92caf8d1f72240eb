import type { z } from "zod";
import type { Problem } from "../model/errors.ts";
import { Duration } from "../model/primitives.ts";
import { printable } from "../model/printable.ts";
import { nearest } from "../model/nearest.ts";
import type { Path, SourceDocument } from "./read-yaml.ts";
import { childOf, knownKeys, placesOfKeys, schemaAt } from "./schema-walk.ts";

type Issue = z.core.$ZodIssue;

interface Explained {
  readonly message: string;
  readonly hint?: string;
}

/** What was held against what: `schema` describes the part of `source` at `base`. */
export interface Held {
  readonly schema: z.core.$ZodType;
  readonly source: SourceDocument;
  readonly base: Path;
}

/** Turns what Zod found into problems with a place in the file, in people's words; at most `limit`. */
export function explainIssues(held: Held, issues: readonly Issue[], limit: number): Problem[] {
  const { source, base } = held;
  const part = { ...held, value: valueAt(source.value, base) };
  const problems: Problem[] = [];
  for (const issue of issues) {
    const room = limit - problems.length;
    if (room <= 0) break;
    const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys.slice(0, room)) {
        const where = source.atKey([...base, ...path, key]);
        problems.push({ where, ...unknownKey(part, path, key) });
      }
    } else {
      const full = [...base, ...path];
      const where = issue.code === "invalid_key" ? source.atKey(full) : source.at(full);
      problems.push({ where, ...explain(issue, part, path) });
    }
  }
  return problems;
}

/** `spec.environments[1].watch.for` */
export function pathText(path: Path): string {
  const text = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${printable(part, 64)}`))
    .join("")
    .replace(/^\./, "");
  return text === "" ? "the document" : `\`${text}\``;
}

/** With the data that stands at `base`. */
type Part = Omit<Held, "source"> & { readonly value: unknown };

function unknownKey({ schema, base, value }: Part, path: Path, key: string): Explained {
  const message = `${pathText([...base, ...path, key])} is not a known key`;
  const known = knownKeys(schemaAt(schema, path, value));
  const meant = nearest(key, known);
  if (meant !== null) return { message, hint: `did you mean \`${meant}\`?` };
  const root = schemaAt(schema, [], value);
  const elsewhere = root === null ? [] : (placesOfKeys(root).get(key) ?? []);
  if (elsewhere.length > 0) {
    const under = pathText(base).replaceAll("`", "");
    const places = elsewhere.map((place) => {
      if (base.length > 0) return `\`${place === "" ? under : `${under}.${place}`}\``;
      return place === "" ? "the top level" : `\`${place}\``;
    });
    return { message, hint: `\`${printable(key, 64)}\` belongs under ${places.join(" or ")}` };
  }
  return {
    message,
    hint: known.length === 0 ? "leave it out" : `known keys here: ${known.join(", ")}`,
  };
}

function explain(issue: Issue, { schema, base, value: root }: Part, path: Path): Explained {
  const field = pathText([...base, ...path]);
  const value = valueAt(root, path);
  if (value === undefined && issue.code !== "invalid_key") {
    return { message: `${field} is missing`, hint: missingHint(issue) };
  }
  switch (issue.code) {
    case "invalid_type":
      return {
        message: `${field} must be ${typeNames[issue.expected] ?? issue.expected}, not ${describe(value)}`,
        ...typeHint(issue.expected, value, schemaAt(schema, path, root) === durationText),
      };
    case "invalid_value":
      return choice(field, issue.values.map(String), value);
    case "invalid_union":
      return "options" in issue && Array.isArray(issue.options)
        ? choice(field, issue.options.map(String), value)
        : alternatives(issue, { schema, base, value: root }, path);
    case "invalid_key":
      return {
        message: `${field}: \`${printable(String(path.at(-1)), 64)}\` cannot be a name here`,
        hint: issue.issues.map((inner) => inner.message).join("; "),
      };
    case "too_small":
    case "too_big":
      return { message: `${field} ${bound(issue)}, not ${describe(value)}` };
    case "invalid_format":
      return {
        message: `${field} does not fit: ${describe(value)}`,
        hint: "prefix" in issue ? `start it with \`${String(issue.prefix)}\`` : issue.message,
      };
    default:
      return { message: `${field}: ${printable(issue.message)}` };
  }
}

/** Of several forms the one that was probably meant is explained: its kind fits, and least is wrong with it. */
function alternatives(issue: z.core.$ZodIssueInvalidUnion, part: Part, path: Path): Explained {
  const wrongKind = (issues: readonly Issue[]) =>
    issues.some((inner) => inner.code === "invalid_type" && inner.path.length === 0);
  const [meant] = issue.errors
    .filter((issues) => !wrongKind(issues))
    .sort((a, b) => a.length - b.length);
  const [first] = meant ?? [];
  if (first !== undefined) {
    const inner = first.path.map((key) => (typeof key === "number" ? key : String(key)));
    return first.code === "unrecognized_keys"
      ? unknownKey(part, [...path, ...inner], first.keys[0] ?? "")
      : explain(first, part, [...path, ...inner]);
  }
  const kinds = issue.errors
    .flat()
    .flatMap((inner) => ("expected" in inner ? [inner.expected] : []));
  const names = [...new Set(kinds)].map((kind) => typeNames[kind] ?? kind);
  const field = pathText([...part.base, ...path]);
  const value = describe(valueAt(part.value, path));
  return { message: `${field} must be ${names.join(" or ")}, not ${value}` };
}

function choice(field: string, options: readonly string[], value: unknown): Explained {
  const meant = typeof value === "string" ? nearest(value, options) : null;
  const list = options.length === 1 ? `write ${options[0]}` : `one of ${options.join(", ")}`;
  return {
    message: `${field} cannot be ${describe(value)}`,
    hint: meant === null || options.length === 1 ? list : `did you mean \`${meant}\`? (${list})`,
  };
}

function missingHint(issue: Issue): string {
  if (issue.code === "invalid_value") {
    const options = issue.values.map(String);
    return options.length === 1 ? `add \`${options[0]}\`` : `add one of ${options.join(", ")}`;
  }
  if (issue.code === "invalid_union" && "options" in issue && Array.isArray(issue.options)) {
    return `add one of ${issue.options.map(String).join(", ")}`;
  }
  if (issue.code === "invalid_type") return `add ${typeNames[issue.expected] ?? issue.expected}`;
  return "add it";
}

/** What `schemaAt` answers for a length of time: the text that goes into it. */
const durationText = Duration._zod.def.in;

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping (`key: value` lines)",
  record: "a mapping (`key: value` lines)",
};

function typeHint(expected: string, value: unknown, duration: boolean): { hint?: string } {
  if (expected === "string" && duration) {
    return { hint: "write a whole number and a unit: 500ms, 30s, 5m, 2h, 7d" };
  }
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return { hint: `put it in quotes: "${value}"` };
  }
  if (expected === "array" && typeof value === "string") {
    const words = value.split(/\s+/).filter((word) => word !== "");
    return { hint: `write a list: ${printable(JSON.stringify(words.slice(0, 8)), 160)}` };
  }
  if ((expected === "number" || expected === "int") && typeof value === "string") {
    return /^\d+$/.test(value) ? { hint: `leave the quotes out: ${value}` } : {};
  }
  return expected === "boolean" ? { hint: "write true or false, without quotes" } : {};
}

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const limit = issue.code === "too_small" ? issue.minimum : issue.maximum;
  const side = issue.code === "too_small" ? "at least" : "at most";
  if (issue.origin === "string") {
    return limit === 1n || limit === 1
      ? "must not be empty"
      : `must have ${side} ${limit} characters`;
  }
  if (issue.origin === "array" || issue.origin === "record" || issue.origin === "map") {
    return `must have ${side} ${limit} ${Number(limit) === 1 ? "entry" : "entries"}`;
  }
  const strict = issue.inclusive === false;
  return `must be ${strict ? (issue.code === "too_small" ? "more than" : "less than") : side} ${limit}`;
}

/** What stands there, cut and escaped. */
function describe(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return `"${printable(value, 64)}"`;
  return printable(String(value), 64);
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((data, part) => childOf(data, part), root);
}
