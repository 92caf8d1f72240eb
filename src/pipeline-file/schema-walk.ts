import { z } from "zod";
import type { Path } from "./read-yaml.ts";

/**
 * What a Zod schema expects at a path, so that a message can name the keys that are known there. Only the
 * kinds of schema that pipeline documents are made of are looked into; at any other the walk ends.
 */

/** The schema at `path` of `value`; a discriminated union is followed by what `value` says. */
export function schemaAt(
  schema: z.core.$ZodType,
  path: Path,
  value: unknown,
): z.core.$ZodType | null {
  let current: z.core.$ZodType | null = select(schema, value);
  let data = value;
  for (const part of path) {
    if (current === null) return null;
    data = childOf(data, part);
    const next = step(current, String(part));
    current = next === null ? null : select(next, data);
  }
  return current;
}

/** The keys of an object schema; an empty list for everything else. */
export function knownKeys(schema: z.core.$ZodType | null): readonly string[] {
  return schema instanceof z.core.$ZodObject ? Object.keys(schema._zod.def.shape) : [];
}

/** Every place of a key: `{replicas: ["spec.processes.<name>", …]}`. */
export function placesOfKeys(schema: z.core.$ZodType): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, string[]>();
  const visit = (wrapped: z.core.$ZodType, place: string): void => {
    const node = unwrap(wrapped);
    if (node instanceof z.core.$ZodObject) {
      for (const [key, child] of Object.entries(node._zod.def.shape)) {
        const known = places.get(key) ?? [];
        if (!known.includes(place)) places.set(key, [...known, place]);
        visit(child, place === "" ? key : `${place}.${key}`);
      }
    } else if (node instanceof z.core.$ZodArray) visit(node._zod.def.element, `${place}[]`);
    else if (node instanceof z.core.$ZodRecord) visit(node._zod.def.valueType, `${place}.<name>`);
    else if (node instanceof z.core.$ZodUnion) {
      for (const option of node._zod.def.options) visit(option, place);
    }
  };
  visit(schema, "");
  return places;
}

export function childOf(data: unknown, part: string | number): unknown {
  if (typeof data !== "object" || data === null) return undefined;
  return Object.hasOwn(data, part) ? (data as Record<string | number, unknown>)[part] : undefined;
}

function step(schema: z.core.$ZodType, part: string): z.core.$ZodType | null {
  if (schema instanceof z.core.$ZodObject) return schema._zod.def.shape[part] ?? null;
  if (schema instanceof z.core.$ZodArray) return schema._zod.def.element;
  if (schema instanceof z.core.$ZodRecord) return schema._zod.def.valueType;
  return null;
}

function select(wrapped: z.core.$ZodType, data: unknown): z.core.$ZodType | null {
  const schema = unwrap(wrapped);
  if (!(schema instanceof z.core.$ZodDiscriminatedUnion)) return schema;
  const { discriminator, options } = schema._zod.def;
  const wanted = childOf(data, discriminator);
  for (const option of options) {
    const chosen = select(option, data);
    const literal = chosen === null ? null : step(chosen, discriminator);
    if (
      literal instanceof z.core.$ZodLiteral &&
      literal._zod.def.values.includes(wanted as never)
    ) {
      return chosen;
    }
  }
  return null;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodNullable ||
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodPrefault
  ) {
    return unwrap(schema._zod.def.innerType);
  }
  return schema instanceof z.core.$ZodPipe ? unwrap(schema._zod.def.in) : schema;
}
