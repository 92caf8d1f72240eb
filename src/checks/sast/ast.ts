import { parse, type ParserOptions } from "@babel/parser";

/** A node of Babel's tree, read loosely: what a rule does not know, it passes over. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number; readonly column: number } };
  scope?: Scope;
  parent?: Node;
  readonly [key: string]: unknown;
}

/** So that a node that is not one of these is still a node to the compiler. */
type Marked<Kind extends string> = Node & { readonly marked?: Kind };

/** Where names are bound: the program, a function, a block. */
export interface Scope {
  readonly parent: Scope | null;
  /** The function it belongs to, or null at the top. */
  readonly owner: Node | null;
  readonly names: Map<string, Binding>;
}

/** Something that flows into a name. */
export interface Flow {
  readonly from: Node;
  /** Properties taken out of it, by destructuring: `["body", "name"]`. */
  readonly path: readonly string[];
  /** The property of the name that it goes into (`x.field = …`), or null for the whole. */
  readonly field: string | null;
}

export interface Binding {
  readonly name: string;
  readonly flows: Flow[];
  /** Of an import: `fs`, or `child_process.exec`. */
  module: string | null;
  /** Of a parameter: whose, which one, and which properties of it. */
  parameter: { readonly of: Node; readonly index: number; readonly path: readonly string[] } | null;
  function: Node | null;
}

const limits = { nodes: 600_000 };

/**
 * JavaScript or TypeScript, as modules or scripts, whichever it turns out to be.
 *
 * @throws Error with line and column when no grammar fits; RangeError when it is nested deeper than the stack
 */
export function parseSource(path: string, text: string): Node {
  const extension = /\.([cm]?[jt]sx?)$/.exec(path)?.[1] ?? "js";
  const typed = extension.includes("ts");
  const jsx = extension.endsWith("x") || !typed;
  const attempts: readonly ParserOptions["plugins"][] = typed
    ? [jsx ? ["typescript", "jsx", "decorators"] : ["typescript", "decorators"]]
    : [["jsx", "decorators"], ["flow", "jsx"], ["typescript"]];
  let first: unknown;
  for (const plugins of attempts) {
    try {
      return parse(text, {
        sourceType: "unambiguous",
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: true,
        allowSuperOutsideMethod: true,
        allowUndeclaredExports: true,
        allowNewTargetOutsideFunction: true,
        errorRecovery: true,
        attachComment: false,
        plugins: [...(plugins ?? [])],
      }).program as unknown as Node;
    } catch (error) {
      if (error instanceof RangeError) {
        throw new Error("it is nested too deeply to be parsed", { cause: error });
      }
      first ??= error;
    }
  }
  throw first instanceof Error ? new Error(`it cannot be parsed: ${first.message}`) : first;
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

export function child(node: Node | null | undefined, key: string): Node | null {
  const value = node?.[key];
  return isNode(value) ? value : null;
}

export function children(node: Node | null | undefined, key: string): readonly Node[] {
  const value = node?.[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

const notChildren = new Set(["loc", "scope", "parent", "extra", "errors", "comments", "tokens"]);

export function kids(node: Node): readonly Node[] {
  const found: Node[] = [];
  for (const key of Object.keys(node)) {
    if (notChildren.has(key)) continue;
    const value = node[key];
    if (isNode(value)) found.push(value);
    else if (Array.isArray(value)) for (const one of value) if (isNode(one)) found.push(one);
  }
  return found;
}

/** All nodes below, itself first, without recursion. */
export function allNodes(root: Node): readonly Node[] {
  const found: Node[] = [];
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    found.push(node);
    if (found.length > limits.nodes) throw new Error("it has too many parts to be examined");
    for (const one of kids(node)) {
      one.parent = node;
      waiting.push(one);
    }
  }
  return found;
}

export function isFunction(node: Node | null | undefined): node is Marked<"function"> {
  return (
    node !== null &&
    node !== undefined &&
    /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ObjectMethod|ClassMethod|ClassPrivateMethod)$/.test(
      node.type,
    )
  );
}

/** The value of a string literal or of a template without holes. */
export function stringOf(node: Node | null | undefined): string | null {
  if (node?.type === "StringLiteral") return String(node["value"]);
  if (node?.type === "TemplateLiteral" && children(node, "expressions").length === 0) {
    return quasis(node).join("");
  }
  return null;
}

export function quasis(node: Node): readonly string[] {
  return children(node, "quasis").map((part) => {
    const value = part["value"] as { cooked?: string | null; raw?: string } | undefined;
    return value?.cooked ?? value?.raw ?? "";
  });
}

/** `a.b` and `a["b"]` give `b`; `a[b]` gives `*`; identifiers and literals their own name. */
export function keyOf(node: Node | null): string {
  if (node === null) return "*";
  if (node.type === "Identifier" || node.type === "JSXIdentifier") return String(node["name"]);
  if (node.type === "PrivateName") return keyOf(child(node, "id"));
  if (node.type === "NumericLiteral") return String(node["value"]);
  return stringOf(node) ?? "*";
}

export function propertyName(member: Node): string {
  const property = child(member, "property");
  if (member["computed"] === true && property?.type === "Identifier") return "*";
  return keyOf(property);
}

/** The value of a property of an object literal; undefined when it is not there. */
export function propertyOf(object: Node | null | undefined, name: string): Node | undefined {
  if (object?.type !== "ObjectExpression") return undefined;
  for (const one of children(object, "properties")) {
    if (one.type === "ObjectMethod" && keyOf(child(one, "key")) === name) return one;
    if (one.type !== "ObjectProperty" || one["computed"] === true) continue;
    if (keyOf(child(one, "key")) === name) return child(one, "value") ?? undefined;
  }
  return undefined;
}

/** What stands around an expression without changing it: casts, parentheses, `await`. */
export function bare(node: Node | null): Node | null {
  let at = node;
  while (
    at !== null &&
    /^(?:TSAsExpression|TSNonNullExpression|TSSatisfiesExpression|TSTypeAssertion|TypeCastExpression|ParenthesizedExpression|AwaitExpression|ChainExpression)$/.test(
      at.type,
    )
  ) {
    at = child(at, "expression") ?? child(at, "argument");
  }
  return at;
}

export function isMember(node: Node | null | undefined): node is Marked<"member"> {
  return node?.type === "MemberExpression" || node?.type === "OptionalMemberExpression";
}

export function isCall(node: Node | null | undefined): node is Marked<"call"> {
  return node?.type === "CallExpression" || node?.type === "OptionalCallExpression";
}
