import type { z } from "zod";
import { GateFacts, mostFactFindings } from "../../model/gate-facts.ts";
import { type CelType, strip } from "./types.ts";

/** What the bound on cost reckons with where the facts' schema gives none; more costs more when it is evaluated. */
const usualMost = 200;
const most: Readonly<Record<string, number>> = {
  "findings.items": mostFactFindings,
  "findings.items[].aliases": 20,
  "changes.paths": 10_000,
  "sbom.licences": 2_000,
};

/** The CEL type of every fact, derived from the schema that the facts are parsed with: one source for both. */
export const factTypes: ReadonlyMap<string, CelType> = objectFields(GateFacts, "");

function objectFields(schema: z.core.$ZodType, path: string): ReadonlyMap<string, CelType> {
  const type = strip(typeOf(schema, path));
  if (type.kind !== "object") throw new Error(`${path || "the facts"} should be an object`);
  return type.fields;
}

/** Throws for a schema that rules have no word for: the facts are ours, so that is our bug, found at start. */
export function typeOf(schema: z.core.$ZodType, path: string): CelType {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "nullable":
    case "optional":
      // Facts that were kept before a field was there lack it: unknown, as null is.
      return { kind: "nullable", of: strip(typeOf(def.innerType, path)) };
    case "boolean":
      return { kind: "bool" };
    case "number":
      return numberType(def);
    case "string":
      return "format" in def && def.format === "datetime"
        ? { kind: "timestamp" }
        : { kind: "string" };
    case "enum":
      return { kind: "string", only: Object.values(def.entries).map(String) };
    case "array":
      return {
        kind: "list",
        of: typeOf(def.element, `${path}[]`),
        most: most[path] ?? usualMost,
      };
    case "record": {
      const keys = typeOf(def.keyType, path);
      if (keys.kind !== "string") throw new Error(`${path}: keys are text`);
      return { kind: "map", keys, of: typeOf(def.valueType, `${path}[]`), most: usualMost };
    }
    case "object": {
      const base = path === "" ? "" : `${path}.`;
      const fields = Object.entries(def.shape);
      return {
        kind: "object",
        fields: new Map(fields.map(([name, one]) => [name, typeOf(one, base + name)])),
      };
    }
    default:
      throw new Error(`${path}: rules have no type for ${def.type}`);
  }
}

function numberType(def: z.core.$ZodNumberDef): CelType {
  if (!("format" in def) || def.format !== "safeint") return { kind: "double" };
  return { kind: "int", counts: (def.checks ?? []).some(isFromZero) };
}

function isFromZero(check: z.core.$ZodCheck<never>): boolean {
  const { def } = check._zod;
  return def.check === "greater_than" && "value" in def && Number(def.value) >= 0;
}
