import { z } from "zod";
import { AuditPackRequest, auditPackPath } from "../../src/api/audit.ts";
import { ImportOptions } from "../../src/api/views/finding.ts";
import { routes } from "../../src/api/routes.ts";

/** Every place of a call in which a text may stand, found from what the routes declare. */
export interface Field {
  readonly method: string;
  readonly path: string;
  readonly part: "params" | "query" | "body";
  /** `["configuration", "service"]`; `[]` and `*` stand for any element and any key. */
  readonly at: readonly string[];
}

interface Declared {
  readonly method: string;
  readonly path: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
}

/** Registered by hand, beside the table. */
const byHand: readonly Declared[] = [
  { method: "POST", path: auditPackPath, body: AuditPackRequest },
  { method: "POST", path: routes.findingImports.path, params: routes.findingImports.params, query: ImportOptions }, // prettier-ignore
];

export function textFields(): readonly Field[] {
  // What is open to everybody is asked by nobody in particular.
  const known = Object.values(routes).filter((route) => !("public" in route));
  const all: readonly Declared[] = [...known, ...byHand];
  return all.flatMap((route) =>
    (["params", "query", "body"] as const).flatMap((part) => {
      const schema = route[part];
      if (schema === undefined) return [];
      const { method, path } = route;
      return [...texts(schema)].map((at) => ({ method, path, part, at: at.split("\n") }));
    }),
  );
}

interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

function texts(schema: z.ZodType): ReadonlySet<string> {
  const root = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  const found = new Set<string>();
  const walk = (node: JsonSchema, at: readonly string[], depth: number): void => {
    if (depth > 14) return;
    const named = node.$ref === undefined ? undefined : root.$defs?.[node.$ref.slice(8)];
    for (const one of [...(named ? [named] : []), ...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]) walk(one, at, depth + 1); // prettier-ignore
    for (const [key, one] of Object.entries(node.properties ?? {})) walk(one, [...at, key], depth + 1); // prettier-ignore
    if (node.items) walk(node.items, [...at, "[]"], depth + 1);
    if (typeof node.additionalProperties === "object") walk(node.additionalProperties, [...at, "*"], depth + 1); // prettier-ignore
    const free = node.type === "string" && node.enum === undefined && node.const === undefined;
    if (free && at.length > 0) found.add(at.join("\n"));
  };
  walk(root, [], 0);
  return found;
}

/** A call with another text at the field. */
export function withText(
  base: { readonly url: string; readonly body?: object | undefined },
  { path, part, at }: Field,
  text: string,
): { readonly url: string; readonly body?: object } {
  const { url, body } = base;
  const kept = body === undefined ? {} : { body };
  const [plain = "", query = ""] = url.split("?", 2);
  if (part === "params") {
    const given = plain.split("/");
    const segments = path
      .split("/")
      .map((one, index) =>
        one === `:${at[0] ?? ""}` ? encodeURIComponent(text) : (given[index] ?? ""),
      );
    return { url: [segments.join("/"), query].filter(Boolean).join("?"), ...kept };
  }
  if (part === "query") {
    const asked = new URLSearchParams(query);
    asked.set(at[0] ?? "", text);
    return { url: `${plain}?${asked.toString()}`, ...kept };
  }
  return { url, body: put(body ?? {}, at, text) as object };
}

function put(into: unknown, [key, ...rest]: readonly string[], text: string): unknown {
  if (key === undefined) return text;
  if (key === "[]") {
    const own = Array.isArray(into) ? (into as readonly unknown[]) : [];
    // What is theirs stands among what is ours.
    return [...own, put(own[0], rest, text)];
  }
  const name = key === "*" ? "K" : key;
  const own = typeof into === "object" && into !== null && !Array.isArray(into) ? into : {};
  return { ...own, [name]: put((own as Readonly<Record<string, unknown>>)[name], rest, text) };
}
