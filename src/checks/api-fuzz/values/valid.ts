import { listOf, type Node, nodeOf } from "../../probing/node.ts";
import type { Json } from "../../probing/operation.ts";
import type { Random } from "../../probing/random.ts";
import { sampleText } from "../../probing/sample.ts";
import { alternatives, boundsOf, flatten, numberOf, typesOf } from "./combine.ts";
import { textFor } from "./pattern.ts";

/** `sample`: as its author would; `least`: only what is required; `random`: whatever else is right. */
export type Manner = "sample" | "least" | "random";

export interface Making {
  readonly root: Node;
  readonly random: Random;
  readonly manner: Manner;
  /** A value that the service itself showed for a field of this name. */
  /** How many values may still be made inside this one; counted down. */
  readonly room?: { left: number };
  readonly known?: (name: string) => { readonly value: Json; readonly use: () => Json } | undefined;
}

const deepest = 6;
/** Beyond this nothing is made, whatever is required: a schema that needs itself has no value. */
const bottom = 12;
/** Values inside one value; a description can ask for any number of them. */
const mostValues = 2_000;

/** A value that a schema takes, as far as it can be told. */
export function validValue(given: Making, raw: unknown, name: string, depth = 0): Json {
  const room = given.room ?? { left: mostValues };
  const making = { ...given, room };
  if (depth > bottom || (room.left -= 1) < 0) return null;
  const { root, random, manner } = making;
  const whole = flatten(root, raw);
  const known = depth > 0 ? making.known?.(name) : undefined;
  if (known !== undefined && isScalarOf(whole, known.value)) return known.use();
  const shown = [whole["example"], ...listOf(whole["examples"]), whole["default"]].find(
    (one) => one !== undefined,
  );
  const fixed = whole["const"] ?? (manner === "sample" ? shown : undefined);
  if (fixed !== undefined) return fixed as Json;
  const choices = listOf(whole["enum"]);
  if (choices.length > 0) return (manner === "random" ? random.pick(choices) : choices[0]) as Json;
  const all = alternatives(root, whole);
  const schema = (manner === "random" ? random.pick(all) : all[0]) ?? whole;
  if (schema !== whole && depth < deepest) return validValue(making, schema, name, depth + 1);
  const types = typesOf(schema) ?? ["string"];
  const type = manner === "random" ? (random.pick(types) ?? "string") : (types[0] ?? "string");
  switch (type) {
    case "null":
      return null;
    case "boolean":
      return manner === "random" ? random.number(2) === 0 : true;
    case "integer":
    case "number":
      return validNumber(schema, making);
    case "array":
      return validArray(making, schema, name, depth);
    case "object":
      return validObject(making, schema, depth);
    default:
      return validText(schema, name, making);
  }
}

function validNumber(schema: Node, { random, manner }: Making): number {
  const { least, most, step } = boundsOf(schema);
  const from = least ?? (most === null ? 1 : Math.min(1, most));
  if (manner !== "random") return from === 0 && least === null ? 1 : from;
  const room = Math.max(0, Math.floor(((most ?? from + 100 * step) - from) / step));
  return from + step * random.number(Math.min(room, 1_000) + 1);
}

function validText(schema: Node, name: string, { random, manner }: Making): string {
  const least = numberOf(schema["minLength"]) ?? 0;
  const most = numberOf(schema["maxLength"]) ?? Math.max(least, 40);
  const pattern = schema["pattern"];
  if (typeof pattern === "string" && pattern !== "") {
    const text = textFor(pattern, random);
    if (text !== null) return text;
  }
  const format = typeof schema["format"] === "string" ? schema["format"] : "";
  const made = formatted(format, name, random, manner);
  // What is unique for its owner must not be the same twice.
  const text = made ?? (manner === "sample" ? sampleText(name, format) : random.word(8));
  return fit(text, Math.min(least, 10_000), most);
}

function formatted(format: string, name: string, random: Random, manner: Manner): string | null {
  const like = (pattern: RegExp) => pattern.test(format) || (format === "" && pattern.test(name));
  if (like(/e-?mail/i)) return `tl${random.word(8)}@example.com`;
  if (like(/uuid/i)) {
    const hex = (length: number) =>
      Array.from({ length }, () => random.number(16).toString(16)).join("");
    return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
  }
  if (/^date-?time$/i.test(format)) return "2024-01-02T03:04:05Z";
  if (/^date$/i.test(format)) return "2024-01-02";
  if (/^time$/i.test(format)) return "03:04:05Z";
  if (/^(uri|url)/i.test(format)) return "https://example.com/tidelock";
  if (/^ipv4$/i.test(format)) return "192.0.2.1";
  if (/^ipv6$/i.test(format)) return "2001:db8::1";
  if (/^hostname$/i.test(format)) return "example.com";
  if (/^(byte|base64)/i.test(format)) return "dGlkZWxvY2s=";
  if (/pass/i.test(name)) return `Tl-${random.word(10)}-7`;
  return manner === "sample" && /(^|_)(name|title|user_?name|login|slug|key)$/i.test(name)
    ? `tl${random.word(8)}`
    : null;
}

function fit(text: string, least: number, most: number): string {
  const longer = text.length < least ? text.padEnd(least, "tidelock") : text;
  return longer.length > most ? longer.slice(0, most) : longer;
}

function validArray(making: Making, schema: Node, name: string, depth: number): Json {
  const least = numberOf(schema["minItems"]) ?? 0;
  const most = numberOf(schema["maxItems"]) ?? Math.max(least, 3);
  const wanted =
    making.manner === "least"
      ? least
      : making.manner === "sample"
        ? Math.max(1, least)
        : making.random.between(least, Math.min(most, least + 3));
  const count = depth >= deepest ? Math.min(least, 1) : Math.min(wanted, most, 20);
  const items = Array.from({ length: count }, () =>
    validValue(making, schema["items"], name, depth + 1),
  );
  if (schema["uniqueItems"] !== true) return items;
  return [...new Map(items.map((one) => [JSON.stringify(one), one])).values()];
}

function validObject(making: Making, schema: Node, depth: number): Json {
  const required = new Set(listOf(schema["required"]));
  const properties = Object.entries(nodeOf(schema["properties"])).slice(0, 100);
  const wanted = properties.filter(([key, raw]) => {
    if (flatten(making.root, raw)["readOnly"] === true) return false;
    if (required.has(key)) return true;
    if (depth >= deepest || making.manner === "least") return false;
    return making.manner === "sample" || making.random.number(3) > 0;
  });
  // Required and never described: anything will do.
  const rest = [...required].filter(
    (key) => typeof key === "string" && !properties.some(([name]) => name === key),
  );
  return Object.fromEntries([
    ...wanted.map(([key, raw]) => [key, validValue(making, raw, key, depth + 1)] as const),
    ...rest.map((key) => [key as string, "tidelock"] as const),
  ]);
}

function isScalarOf(schema: Node, value: Json): boolean {
  if (listOf(schema["enum"]).length > 0 || schema["const"] !== undefined) return false;
  const types = typesOf(schema) ?? ["string"];
  if (typeof value === "string") return types.includes("string");
  return (
    typeof value === "number" &&
    (types.includes("number") || (types.includes("integer") && Number.isInteger(value)))
  );
}
