import { follow, listOf, type Node, nodeOf } from "./node.ts";
import type { Json } from "./operation.ts";

/** A value that a schema takes: what it gives as example or default, else one made up from type and name. */
export function sampleOf(root: Node, raw: unknown, name: string, depth = 0): Json {
  const schema = nodeOf(follow(root, raw));
  for (const given of [
    schema["example"],
    schema["default"],
    listOf(schema["enum"])[0],
    schema["const"],
  ]) {
    if (isJson(given)) return given;
  }
  if (depth > 6) return null;
  const parts = [...listOf(schema["allOf"])];
  const one = listOf(schema["oneOf"])[0] ?? listOf(schema["anyOf"])[0];
  if (one !== undefined) parts.push(one);
  const properties = nodeOf(schema["properties"]);
  if (parts.length > 0 || Object.keys(properties).length > 0) {
    const inherited = parts.map((part) => sampleOf(root, part, name, depth + 1));
    const own = Object.entries(properties)
      .slice(0, 100)
      .filter(([, value]) => nodeOf(value)["readOnly"] !== true)
      .map(([key, value]) => [key, sampleOf(root, value, key, depth + 1)] as const);
    const first = inherited.find((value) => typeof value !== "object");
    if (first !== undefined && own.length === 0) return first;
    return Object.fromEntries([
      ...inherited.flatMap((value) => Object.entries(nodeOf(value)) as [string, Json][]),
      ...own,
    ]);
  }
  const type = Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"];
  if (type === "integer" || type === "number") return Number(schema["minimum"] ?? 1);
  if (type === "boolean") return true;
  if (type === "array") return [sampleOf(root, schema["items"], name, depth + 1)];
  if (type === "object") return {};
  return sampleText(name, typeof schema["format"] === "string" ? schema["format"] : "");
}

/** A text that a field of this name would take. */
export function sampleText(name: string, type = ""): string {
  const like = (pattern: RegExp) => pattern.test(name) || pattern.test(type);
  if (like(/e-?mail/i)) return "tidelock@example.com";
  if (like(/pass/i)) return "Tidelock-1234";
  if (like(/uuid/i)) return "0b3c6a4e-6f1d-4a53-9d3b-2f1f2f0f7a11";
  if (like(/date-?time/i)) return "2024-01-02T03:04:05Z";
  if (like(/date/i)) return "2024-01-02";
  if (like(/^(url|uri|link|href|callback|website)$/i)) return "/";
  if (like(/phone|tel/i)) return "5550100";
  if (like(/(^|_)(id|num|number|count|page|size|limit|offset|qty|amount|price)$|Id$/)) return "1";
  return "tidelock";
}

export interface Leaf {
  readonly name: string;
  readonly value: Json;
}

/** The fields of a JSON body by their way: `user.email`. Lists are one value. */
export function leaves(value: Json, prefix = ""): readonly Leaf[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return prefix === "" ? [] : [{ name: prefix, value }];
  }
  return Object.entries(value as Record<string, Json>).flatMap(([key, inner]) =>
    leaves(inner, prefix === "" ? key : `${prefix}.${key}`),
  );
}

function isJson(value: unknown): value is Json {
  return value !== undefined && typeof value !== "function" && typeof value !== "bigint";
}
