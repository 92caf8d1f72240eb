import { parse } from "yaml";
import { TidelockError } from "../../../model/errors.ts";
import type { BodyKind, Json, Operation, Parameter, ParameterPlace } from "./operation.ts";
import { follow, listOf, nodeOf } from "./node.ts";
import { leaves, sampleOf } from "./sample.ts";

type Node = Readonly<Record<string, unknown>>;
const methods = ["get", "post", "put", "patch", "delete"] as const;
const mostOperations = 2_000;

/**
 * Reads what a service says of itself: OpenAPI 3 or Swagger 2, as JSON or YAML, loosely; only references within
 * the document are followed. Addresses in it are not believed, only their paths.
 *
 * @throws TidelockError `invalid-input` when it is no such document
 */
export function readOpenApi(text: string, where: string): readonly Operation[] {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100, logLevel: "silent" });
  } catch (cause) {
    throw new TidelockError("invalid-input", "this is neither JSON nor YAML", { where, cause });
  }
  const root = nodeOf(document);
  const paths = nodeOf(root["paths"]);
  if (root["openapi"] === undefined && root["swagger"] === undefined) {
    throw new TidelockError("invalid-input", "this is no OpenAPI document: it names no version", {
      where,
      hint: "OpenAPI 3 or Swagger 2, as JSON or YAML",
    });
  }
  const base = basePath(root);
  const global = Array.isArray(root["security"]) ? root["security"].length > 0 : null;
  const operations: Operation[] = [];
  for (const [path, raw] of Object.entries(paths)) {
    const item = nodeOf(follow(root, raw));
    for (const method of methods) {
      const operation = nodeOf(item[method]);
      if (item[method] === undefined || operations.length >= mostOperations) continue;
      const all = [...listOf(item["parameters"]), ...listOf(operation["parameters"])];
      const parameters = all.map((one) => nodeOf(follow(root, one)));
      const body = readBody(root, operation, parameters);
      const own = operation["security"];
      operations.push({
        method: method.toUpperCase(),
        template: `${base}${path.startsWith("/") ? path : `/${path}`}`,
        parameters: [...parameters.flatMap((one) => readParameter(root, one)), ...body.parameters],
        body: body.kind,
        source: "openapi",
        secured: Array.isArray(own) ? own.length > 0 && !own.some(isEmpty) : global,
      });
    }
  }
  return operations;
}

/** Operations of `now` that are not in `before`, or are described otherwise there (S4-50). */
export function changedOperations(
  now: readonly Operation[],
  before: readonly Operation[],
): ReadonlySet<string> {
  const known = new Set(before.map((one) => JSON.stringify(one)));
  return new Set(
    now
      .filter((one) => !known.has(JSON.stringify(one)))
      .map(({ method, template }) => `${method} ${template}`),
  );
}

function readParameter(root: Node, parameter: Node): readonly Parameter[] {
  const place = parameter["in"];
  const name = parameter["name"];
  if (typeof name !== "string" || !isPlace(place)) return [];
  const schema = nodeOf(follow(root, parameter["schema"] ?? parameter));
  return [
    {
      name,
      in: place,
      value: scalar(sampleOf(root, { ...schema, ...exampleOf(parameter) }, name)),
      required: parameter["required"] === true || place === "path",
      ...typeOf(schema),
    },
  ];
}

/** Swagger 2 has it among the parameters, OpenAPI 3 beside them. */
function readBody(
  root: Node,
  operation: Node,
  parameters: readonly Node[],
): { kind: BodyKind; parameters: readonly Parameter[] } {
  const inBody = parameters.find((one) => one["in"] === "body");
  const formData = parameters.filter((one) => one["in"] === "formData");
  if (formData.length > 0) {
    return {
      kind: "form",
      parameters: formData.map((one) => ({
        name: String(one["name"]),
        in: "form" as const,
        value: scalar(sampleOf(root, one, String(one["name"]))),
        required: one["required"] === true,
        ...typeOf(one),
      })),
    };
  }
  const content = nodeOf(nodeOf(follow(root, operation["requestBody"]))["content"]);
  const type = ["application/json", "application/x-www-form-urlencoded"]
    .concat(Object.keys(content))
    .find((one) => content[one] !== undefined);
  const media = type === undefined ? null : nodeOf(content[type]);
  const schema = media === null ? inBody?.["schema"] : media["schema"];
  if (schema === undefined) return { kind: "none", parameters: [] };
  const whole = sampleOf(root, { ...nodeOf(follow(root, schema)), ...exampleOf(media ?? {}) }, "");
  if (type !== undefined && /xml/.test(type)) {
    const value = "<root>1</root>";
    return { kind: "xml", parameters: [{ name: "body", in: "xml", value, required: true }] };
  }
  const kind = type === undefined || /json/.test(type) ? "json" : "form";
  return {
    kind,
    parameters: leaves(whole).map(({ name, value }) => ({
      name,
      in: kind,
      value,
      required: true,
      type: typeof value,
    })),
  };
}

function basePath(root: Node): string {
  const swagger = root["basePath"];
  const server = nodeOf(listOf(root["servers"])[0])["url"];
  const text = typeof swagger === "string" ? swagger : typeof server === "string" ? server : "";
  const path = URL.canParse(text, "http://x/") ? new URL(text, "http://x/").pathname : "/";
  return path.replace(/\/+$/, "");
}

function isPlace(value: unknown): value is ParameterPlace {
  return value === "query" || value === "path" || value === "header" || value === "cookie";
}

function isEmpty(value: unknown): boolean {
  return Object.keys(nodeOf(value)).length === 0;
}

function exampleOf(node: Node): { example?: unknown } {
  if (node["example"] !== undefined) return { example: node["example"] };
  const [first] = Object.values(nodeOf(node["examples"]));
  const value = nodeOf(first)["value"];
  return value === undefined ? {} : { example: value };
}

function typeOf(schema: Node): { type?: string } {
  const type = schema["format"] ?? schema["type"];
  return typeof type === "string" ? { type } : {};
}

function scalar(value: Json): Json {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}
