import {
  bare,
  child,
  children,
  isCall,
  isMember,
  type Node,
  propertyName,
  stringOf,
} from "./ast.ts";
import { lookup, plain } from "./scopes.ts";

/**
 * What an expression is by the module it comes from: `child_process.exec`, `express()`, `fs.promises.readFile`;
 * null when that is not plain to see.
 */
export function moduleOf(expression: Node | null, depth = 0): string | null {
  const node = bare(expression);
  if (node === null || depth > 12) return null;
  if (node.type === "Identifier") {
    const binding = lookup(node);
    if (binding === null) return globals.has(String(node["name"])) ? String(node["name"]) : null;
    if (binding.module !== null) return binding.module;
    for (const { from, path, field } of binding.flows) {
      if (field !== null) continue;
      const found = moduleOf(from, depth + 1);
      if (found !== null) return [found, ...path].join(".");
    }
    return null;
  }
  if (isMember(node)) {
    const of = moduleOf(child(node, "object"), depth + 1);
    return of === null ? null : `${of}.${propertyName(node)}`;
  }
  if (node.type === "ImportExpression") {
    const name = stringOf(child(node, "source"));
    return name === null ? null : plain(name);
  }
  if (isCall(node) || node.type === "NewExpression") {
    const callee = bare(child(node, "callee"));
    const [first = null] = children(node, "arguments");
    const name = stringOf(first);
    if (callee?.type === "Import" || isRequire(callee)) return name === null ? null : plain(name);
    const of = moduleOf(callee, depth + 1);
    if (of === "util.promisify") return moduleOf(first, depth + 1);
    return of === null ? null : `${of.replace(/\.default$/, "")}()`;
  }
  return null;
}

const globals = new Set([
  "process",
  "Math",
  "JSON",
  "Object",
  "Buffer",
  "window",
  "document",
  "location",
]);

function isRequire(callee: Node | null): boolean {
  return callee?.type === "Identifier" && callee["name"] === "require" && lookup(callee) === null;
}

/** What is called: `{ object, name }` of `object.name(…)`, or only a name. */
export function calleeOf(call: Node): {
  readonly callee: Node | null;
  readonly object: Node | null;
  readonly name: string;
  readonly module: string | null;
} {
  const callee = bare(child(call, "callee"));
  const object = isMember(callee) ? bare(child(callee, "object")) : null;
  const name = isMember(callee)
    ? propertyName(callee)
    : callee?.type === "Identifier"
      ? String(callee["name"])
      : "";
  return { callee, object, name, module: moduleOf(callee) };
}
