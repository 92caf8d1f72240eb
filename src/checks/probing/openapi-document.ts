import { TidelockError } from "../../model/errors.ts";
import { readYaml } from "../yaml-apart.ts";
import { follow, listOf, type Node, nodeOf } from "./node.ts";

const methods = ["get", "post", "put", "patch", "delete"] as const;
const mostOperations = 2_000;
/** The reader of YAML is slow: JSON may be longer. */
const mostYaml = 1_500_000;
const mostJson = 8_000_000;

/** An API's description, as somebody wrote it: nothing in it is believed but paths and schemas. */
export interface ApiDocument {
  readonly root: Node;
  readonly operations: readonly DescribedOperation[];
}

export interface DescribedOperation {
  readonly method: string;
  /** With the base path: `/api/items/{id}`. */
  readonly template: string;
  readonly node: Node;
  /** Those of the path and its own, references followed. */
  readonly parameters: readonly Node[];
  /** Null where nothing is declared. */
  readonly secured: boolean | null;
}

/**
 * Reads what a service says of itself: OpenAPI 3 or Swagger 2, as JSON or YAML, loosely; only references within
 * the document are followed. Addresses in it are not believed, only their paths.
 *
 * @throws TidelockError `invalid-input` when it is no such document
 */
export async function readDocument(text: string, where: string): Promise<ApiDocument> {
  const root = nodeOf(await parseText(text, where));
  if (root["openapi"] === undefined && root["swagger"] === undefined) {
    throw new TidelockError("invalid-input", "this is no OpenAPI document: it names no version", {
      where,
      hint: "OpenAPI 3 or Swagger 2, as JSON or YAML",
    });
  }
  const base = basePath(root);
  const global = Array.isArray(root["security"]) ? demands(root["security"]) : null;
  const operations: DescribedOperation[] = [];
  for (const [path, raw] of Object.entries(nodeOf(root["paths"]))) {
    const item = nodeOf(follow(root, raw));
    for (const method of methods) {
      if (item[method] === undefined || operations.length >= mostOperations) continue;
      const node = nodeOf(item[method]);
      const own = node["security"];
      operations.push({
        method: method.toUpperCase(),
        template: `${base}${path.startsWith("/") ? path : `/${path}`}`,
        node,
        parameters: parametersOf(root, item, node),
        secured: Array.isArray(own) ? demands(own) : global,
      });
    }
  }
  return { root, operations };
}

async function parseText(text: string, where: string): Promise<unknown> {
  const tooLong = (most: number) =>
    new TidelockError("invalid-input", `this description is longer than ${most} characters`, {
      where,
      hint: "give one with fewer operations, or as JSON",
    });
  if (text.length > mostJson) throw tooLong(mostJson);
  try {
    return JSON.parse(text);
  } catch {
    // YAML then.
  }
  if (text.length > mostYaml) throw tooLong(mostYaml);
  try {
    return await readYaml(text, true);
  } catch (cause) {
    throw new TidelockError("invalid-input", "this is neither JSON nor YAML", { where, cause });
  }
}

/** An operation's own parameter takes the place of the path's of the same name and place. */
function parametersOf(root: Node, item: Node, operation: Node): readonly Node[] {
  const all = new Map<string, Node>();
  for (const one of [...listOf(item["parameters"]), ...listOf(operation["parameters"])]) {
    const parameter = nodeOf(follow(root, one));
    all.set(JSON.stringify([parameter["in"], parameter["name"]]), parameter);
  }
  return [...all.values()];
}

/** An empty requirement in the list means: or nobody at all. */
function demands(security: readonly unknown[]): boolean {
  return security.length > 0 && !security.some((one) => Object.keys(nodeOf(one)).length === 0);
}

function basePath(root: Node): string {
  const swagger = root["basePath"];
  const server = nodeOf(listOf(root["servers"])[0])["url"];
  const text = typeof swagger === "string" ? swagger : typeof server === "string" ? server : "";
  const path = URL.canParse(text, "http://x/") ? new URL(text, "http://x/").pathname : "/";
  return path.replace(/\/+$/, "");
}
