import { follow, listOf, type Node, nodeOf } from "../../probing/node.ts";
import {
  type ApiDocument,
  type DescribedOperation,
  readDocument,
} from "../../probing/openapi-document.ts";
import type { Json } from "../../probing/operation.ts";

/** An operation with the schemas of what goes in and out: what the fuzzer works on. */
export interface FuzzOperation {
  readonly method: string;
  readonly template: string;
  /** `GET /items/{id}` */
  readonly key: string;
  readonly secured: boolean | null;
  readonly parameters: readonly FuzzParameter[];
  readonly body: FuzzBody | null;
  /** Status (`200`, `2XX`, `default`) to what it answers; null where nothing is declared. */
  readonly responses: ReadonlyMap<string, DeclaredResponse> | null;
}

export interface FuzzParameter {
  readonly name: string;
  readonly in: "query" | "path" | "header" | "cookie";
  readonly required: boolean;
  readonly schema: Node;
  readonly example?: Json;
}

export interface FuzzBody {
  readonly required: boolean;
  readonly media: readonly {
    readonly type: string;
    readonly schema: Node;
    readonly example?: Json;
  }[];
}

export interface DeclaredResponse {
  /** Content type to schema; null where no content is declared. */
  readonly content: ReadonlyMap<string, Node | null> | null;
}

export interface FuzzDocument {
  readonly root: Node;
  readonly operations: readonly FuzzOperation[];
}

/** @throws TidelockError `invalid-input` when it is no description of an API */
export async function readFuzzDocument(text: string, where: string): Promise<FuzzDocument> {
  const document = await readDocument(text, where);
  return {
    root: document.root,
    operations: document.operations.map((one) => operationOf(document, one)),
  };
}

function operationOf(document: ApiDocument, described: DescribedOperation): FuzzOperation {
  const { root } = document;
  const { method, template, node, parameters, secured } = described;
  return {
    method,
    template,
    key: `${method} ${template}`,
    secured,
    parameters: [
      ...parameters.flatMap((one) => parameterOf(root, one)),
      ...undeclared(template, parameters),
    ],
    body: swaggerBody(root, node, parameters) ?? bodyOf(root, node),
    responses: responsesOf(root, node),
  };
}

function parameterOf(root: Node, node: Node): readonly FuzzParameter[] {
  const { name } = node;
  const place = node["in"];
  if (typeof name !== "string" || name === "") return [];
  if (place !== "query" && place !== "path" && place !== "header" && place !== "cookie") return [];
  // HTTP's own: what an operation says of them is not for its requests (OpenAPI 3, Parameter Object).
  if (
    place === "header" &&
    !/^(?!(accept|content-type|authorization|host|connection|content-length|transfer-encoding)$)[!#$%&'*+.^_`|~0-9A-Za-z-]+$/i.test(
      name,
    )
  )
    return [];
  const [media] = Object.values(nodeOf(node["content"]));
  const schema = nodeOf(follow(root, node["schema"] ?? nodeOf(media)["schema"] ?? node));
  const required = node["required"] === true || place === "path";
  return [{ name, in: place, required, schema, ...exampleOf(root, node) }];
}

/** A placeholder of the path that nobody declared is a parameter all the same. */
function undeclared(template: string, parameters: readonly Node[]): readonly FuzzParameter[] {
  const known = new Set(parameters.filter((one) => one["in"] === "path").map((one) => one["name"]));
  return [...template.matchAll(/\{([^{}]+)\}/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !known.has(name))
    .map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
}

function bodyOf(root: Node, node: Node): FuzzBody | null {
  const body = nodeOf(follow(root, node["requestBody"]));
  const media = Object.entries(nodeOf(body["content"]))
    .slice(0, 6)
    .map(([type, raw]) => {
      const one = nodeOf(raw);
      return { type, schema: nodeOf(follow(root, one["schema"])), ...exampleOf(root, one) };
    });
  return media.length === 0 ? null : { required: body["required"] === true, media };
}

/** Swagger 2 has the body among the parameters. */
function swaggerBody(root: Node, node: Node, parameters: readonly Node[]): FuzzBody | null {
  const consumes = listOf(node["consumes"] ?? root["consumes"]).filter(
    (one) => typeof one === "string",
  );
  const whole = parameters.find((one) => one["in"] === "body");
  if (whole !== undefined) {
    const type = consumes.find((one) => /json/.test(one)) ?? consumes[0] ?? "application/json";
    const schema = nodeOf(follow(root, whole["schema"]));
    return { required: whole["required"] === true, media: [{ type, schema }] };
  }
  const fields = parameters.filter((one) => one["in"] === "formData");
  if (fields.length === 0) return null;
  const files = fields.some((one) => one["type"] === "file");
  const type = files ? "multipart/form-data" : "application/x-www-form-urlencoded";
  const properties = Object.fromEntries(
    fields.map((one) => [
      String(one["name"]),
      one["type"] === "file" ? { type: "string", format: "binary" } : one,
    ]),
  );
  const required = fields
    .filter((one) => one["required"] === true)
    .map((one) => String(one["name"]));
  return { required: true, media: [{ type, schema: { type: "object", properties, required } }] };
}

function responsesOf(root: Node, node: Node): FuzzOperation["responses"] {
  const declared = Object.entries(nodeOf(node["responses"]));
  if (declared.length === 0) return null;
  const produces = listOf(node["produces"] ?? root["produces"]).filter(
    (one) => typeof one === "string",
  );
  return new Map(
    declared.map(([status, raw]) => [
      status.toUpperCase(),
      responseOf(root, nodeOf(follow(root, raw)), produces),
    ]),
  );
}

function responseOf(root: Node, node: Node, produces: readonly string[]): DeclaredResponse {
  const content = Object.entries(nodeOf(node["content"]));
  if (content.length > 0) {
    return {
      content: new Map(content.map(([type, raw]) => [type, schemaOf(root, nodeOf(raw)["schema"])])),
    };
  }
  if (node["schema"] === undefined) return { content: null };
  const types = produces.length > 0 ? produces : ["application/json"];
  return { content: new Map(types.map((type) => [type, schemaOf(root, node["schema"])])) };
}

function schemaOf(root: Node, raw: unknown): Node | null {
  return raw === undefined ? null : nodeOf(follow(root, raw));
}

function exampleOf(root: Node, node: Node): { example?: Json } {
  const [first] = Object.values(nodeOf(node["examples"]));
  const value = node["example"] ?? nodeOf(follow(root, first))["value"];
  return value === undefined ? {} : { example: value as Json };
}
