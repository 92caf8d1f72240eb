import { follow, type Node, nodeOf } from "./node.ts";
import { type ApiDocument, readDocument } from "./openapi-document.ts";
import type { BodyKind, Json, Operation, Parameter, ParameterPlace } from "./operation.ts";
import { leaves, sampleOf } from "./sample.ts";

/**
 * The operations that a service says it has, each with a value for every parameter and field.
 *
 * @throws TidelockError `invalid-input` when it is no such document
 */
export async function readOpenApi(text: string, where: string): Promise<readonly Operation[]> {
  const document = await readDocument(text, where);
  return document.operations.map((one) => operationOf(document, one));
}

function operationOf(
  { root }: ApiDocument,
  { method, template, node, parameters, secured }: ApiDocument["operations"][number],
): Operation {
  const body = readBody(root, node, parameters);
  return {
    method,
    template,
    parameters: [...parameters.flatMap((one) => readParameter(root, one)), ...body.parameters],
    body: body.kind,
    source: "openapi",
    secured,
  };
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

function isPlace(value: unknown): value is ParameterPlace {
  return value === "query" || value === "path" || value === "header" || value === "cookie";
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
