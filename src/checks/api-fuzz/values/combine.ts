import { follow, listOf, type Node, nodeOf } from "../../probing/node.ts";

/** A schema with its references followed and its `allOf` taken together; alternatives are the caller's choice. */
export function flatten(root: Node, raw: unknown, depth = 0): Node {
  if (raw === true) return {};
  const schema = nodeOf(follow(root, raw));
  const parts = listOf(schema["allOf"]);
  if (parts.length === 0 || depth > 8) return schema;
  const { allOf: _, ...own } = schema;
  return [...parts.slice(0, 20).map((part) => flatten(root, part, depth + 1)), own].reduce<Node>(
    (all, one) => ({
      ...all,
      ...one,
      properties: { ...nodeOf(all["properties"]), ...nodeOf(one["properties"]) },
      required: [...new Set([...listOf(all["required"]), ...listOf(one["required"])])],
    }),
    {},
  );
}

/** The alternatives of a schema, each with what stands beside them; the schema alone when there are none. */
export function alternatives(root: Node, schema: Node): readonly Node[] {
  const list = [...listOf(schema["oneOf"]), ...listOf(schema["anyOf"])].slice(0, 20);
  if (list.length === 0) return [schema];
  const { oneOf: _one, anyOf: _any, ...own } = schema;
  return list.map((one) => flatten(root, { allOf: [own, one] }));
}

/** `integer`, `string` …; guessed from the keywords where it is not said; null when anything will do. */
export function typesOf(schema: Node): readonly string[] | null {
  const said = schema["type"];
  const types = (Array.isArray(said) ? said : [said]).filter((one) => typeof one === "string");
  if (types.length > 0) {
    return schema["nullable"] === true ? [...types, "null"] : types;
  }
  if (schema["properties"] !== undefined && Object.keys(nodeOf(schema["properties"])).length > 0)
    return ["object"];
  if (schema["items"] !== undefined) return ["array"];
  return null;
}

export function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Least and greatest, with both ways of saying that the bound itself does not count (3.0 and 3.1). */
export function boundsOf(schema: Node): {
  readonly least: number | null;
  readonly most: number | null;
  readonly step: number;
} {
  const types = typesOf(schema) ?? [];
  const whole = types.includes("integer") && !types.includes("number");
  const step = numberOf(schema["multipleOf"]) ?? (whole ? 1 : 0.5);
  const bound = (name: string, exclusive: string, sign: 1 | -1) => {
    const plain = numberOf(schema[name]);
    const other = numberOf(schema[exclusive]);
    if (other !== null) return other + sign * step;
    return plain !== null && schema[exclusive] === true ? plain + sign * step : plain;
  };
  return {
    least: bound("minimum", "exclusiveMinimum", 1),
    most: bound("maximum", "exclusiveMaximum", -1),
    step: step > 0 ? step : 1,
  };
}
