import {
  bare,
  type Binding,
  child,
  children,
  type Flow,
  isCall,
  isFunction,
  isMember,
  keyOf,
  kids,
  type Node,
  propertyName,
  type Scope,
  stringOf,
} from "./ast.ts";

/** A file with its names bound and what flows into them collected. */
export interface Program {
  readonly root: Node;
  readonly nodes: readonly Node[];
  /** Functions that are reached through an object: `this.x = …`, `{ x() {} }`, methods of classes. */
  readonly methods: ReadonlyMap<string, readonly Node[]>;
  /** Calls of each local function. */
  readonly calls: ReadonlyMap<Node, readonly Node[]>;
}

const blocks =
  /^(?:BlockStatement|ForStatement|ForInStatement|ForOfStatement|SwitchStatement|CatchClause|StaticBlock|ClassBody|TSModuleBlock)$/;

/** Gives every node its scope and parent, and every name what flows into it. */
export function bind(root: Node, nodes: readonly Node[]): Program {
  const top: Scope = { parent: null, owner: null, names: new Map() };
  const waiting: [Node, Scope][] = [[root, top]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, scope] = next;
    node.scope = scope;
    let inner = scope;
    if (isFunction(node)) inner = { parent: scope, owner: node, names: new Map() };
    else if (blocks.test(node.type)) {
      inner = { parent: scope, owner: scope.owner, names: new Map() };
    }
    declare(node, scope, inner);
    // A decorator or computed key stands outside; the small error errs towards more names.
    for (const one of kids(node)) waiting.push([one, inner]);
  }
  const methods = new Map<string, Node[]>();
  for (const node of nodes) {
    flowsOf(node);
    const method = methodOf(node);
    if (method !== null) methods.set(method.name, [...(methods.get(method.name) ?? []), method.of]);
  }
  const program = { root, nodes, methods, calls: new Map<Node, Node[]>() };
  for (const node of nodes) {
    if (!isCall(node) && node.type !== "NewExpression") continue;
    const target = calledFunction(program, node);
    if (target !== null) {
      const known = program.calls.get(target);
      if (known) known.push(node);
      else program.calls.set(target, [node]);
    }
  }
  return program;
}

/** The local function that a call runs, where that is plain to see. */
export function calledFunction(program: Pick<Program, "methods">, call: Node): Node | null {
  const callee = bare(child(call, "callee"));
  if (isFunction(callee)) return callee;
  if (callee?.type === "Identifier") return lookup(callee)?.function ?? null;
  if (!isMember(callee)) return null;
  const object = bare(child(callee, "object"));
  const local =
    object?.type === "ThisExpression" ||
    (object?.type === "Identifier" && lookup(object)?.module === null);
  const found = local ? (program.methods.get(propertyName(callee)) ?? []) : [];
  return found.length === 1 ? (found[0] ?? null) : null;
}

export function lookup(identifier: Node): Binding | null {
  const name = String(identifier["name"]);
  for (let scope = identifier.scope ?? null; scope !== null; scope = scope.parent) {
    const found = scope.names.get(name);
    if (found !== undefined) return found;
  }
  return null;
}

function declare(node: Node, scope: Scope, inner: Scope): void {
  switch (node.type) {
    case "VariableDeclarator": {
      const kind = node.parent?.["kind"];
      const target = kind === "var" ? functionScope(scope) : scope;
      const init = child(node, "init");
      // `for (const x of list)`: x is an element of the list.
      const loop = node.parent?.parent;
      const over =
        loop?.type === "ForOfStatement" && child(loop, "left") === node.parent
          ? child(loop, "right")
          : null;
      const from = init ?? over;
      pattern(child(node, "id"), (name, path) => {
        const binding = name_(target, name);
        if (from !== null) {
          binding.flows.push({ from, path: over === null ? path : ["*", ...path], field: null });
        }
        if (path.length === 0 && isFunction(bare(init))) binding.function = bare(init);
      });
      return;
    }
    case "FunctionDeclaration":
      name_(scope, keyOf(child(node, "id"))).function = node;
      parameters(node, inner);
      return;
    case "FunctionExpression":
    case "ArrowFunctionExpression":
    case "ObjectMethod":
    case "ClassMethod":
    case "ClassPrivateMethod":
      if (child(node, "id")) name_(inner, keyOf(child(node, "id"))).function = node;
      parameters(node, inner);
      return;
    case "ImportDeclaration": {
      const module = plain(stringOf(child(node, "source")) ?? "");
      for (const one of children(node, "specifiers")) {
        const imported = one.type === "ImportSpecifier" ? keyOf(child(one, "imported")) : "";
        name_(scope, keyOf(child(one, "local"))).module =
          imported === "" || imported === "default" ? module : `${module}.${imported}`;
      }
      return;
    }
    case "CatchClause":
      pattern(child(node, "param"), (name) => name_(inner, name));
      return;
    default:
  }
}

function parameters(of: Node, scope: Scope): void {
  children(of, "params").forEach((parameter, index) => {
    pattern(parameter, (name, path) => {
      name_(scope, name).parameter = { of, index, path };
    });
  });
}

/** Every name that a pattern binds, and the way to it. */
function pattern(
  node: Node | null,
  add: (name: string, path: readonly string[]) => void,
  path: readonly string[] = [],
): void {
  switch (node?.type) {
    case "Identifier":
      add(String(node["name"]), path);
      return;
    case "AssignmentPattern":
      pattern(child(node, "left"), add, path);
      return;
    case "RestElement":
      pattern(child(node, "argument"), add, path);
      return;
    case "TSParameterProperty":
      pattern(child(node, "parameter"), add, path);
      return;
    case "ObjectPattern":
      for (const one of children(node, "properties")) {
        if (one.type === "RestElement") pattern(one, add, path);
        else pattern(child(one, "value"), add, [...path, keyOf(child(one, "key"))]);
      }
      return;
    case "ArrayPattern":
      for (const one of children(node, "elements")) pattern(one, add, [...path, "*"]);
      return;
    default:
  }
}

/** Assignments and `list.push(x)`. */
function flowsOf(node: Node): void {
  if (node.type === "AssignmentExpression") {
    const from = child(node, "right");
    const left = bare(child(node, "left"));
    if (from === null || left === null) return;
    if (isMember(left)) {
      const root = rootOf(left);
      if (root !== null) flow(root.identifier, { from, path: [], field: root.field });
      return;
    }
    const scope = node.scope;
    pattern(left, (name, path) => {
      const binding = scope && find(scope, name);
      if (!binding) return;
      binding.flows.push({ from, path, field: null });
      if (path.length === 0 && isFunction(bare(from))) binding.function ??= bare(from);
    });
    return;
  }
  if (!isCall(node)) return;
  const callee = bare(child(node, "callee"));
  if (!isMember(callee) || !/^(?:push|unshift|append|set|add)$/.test(propertyName(callee))) return;
  const object = bare(child(callee, "object"));
  if (object?.type !== "Identifier") return;
  for (const from of children(node, "arguments")) flow(object, { from, path: [], field: "*" });
}

function flow(identifier: Node, one: Flow): void {
  lookup(identifier)?.flows.push(one);
}

/** Of `a.b.c` the identifier `a` and the field `b`. */
function rootOf(member: Node): { identifier: Node; field: string } | null {
  let at = member;
  for (;;) {
    const object = bare(child(at, "object"));
    if (object?.type === "Identifier") return { identifier: object, field: propertyName(at) };
    if (!isMember(object)) return null;
    at = object;
  }
}

function methodOf(node: Node): { name: string; of: Node } | null {
  if (
    node.type === "ObjectMethod" ||
    node.type === "ClassMethod" ||
    node.type === "ClassPrivateMethod"
  ) {
    return { name: keyOf(child(node, "key")), of: node };
  }
  if (node.type === "ObjectProperty" || node.type === "ClassProperty") {
    const value = bare(child(node, "value"));
    return isFunction(value) ? { name: keyOf(child(node, "key")), of: value } : null;
  }
  if (node.type !== "AssignmentExpression") return null;
  const [left, right] = [bare(child(node, "left")), bare(child(node, "right"))];
  return isMember(left) && isFunction(right) ? { name: propertyName(left), of: right } : null;
}

function find(scope: Scope, name: string): Binding | null {
  for (let at: Scope | null = scope; at !== null; at = at.parent) {
    const found = at.names.get(name);
    if (found !== undefined) return found;
  }
  return null;
}

function functionScope(scope: Scope): Scope {
  let at = scope;
  while (at.parent !== null && at.parent.owner === at.owner) at = at.parent;
  return at;
}

function name_(scope: Scope, name: string): Binding {
  const known = scope.names.get(name);
  if (known !== undefined) return known;
  const made: Binding = { name, flows: [], module: null, parameter: null, function: null };
  scope.names.set(name, made);
  return made;
}

/** `node:fs` and `fs` are one module. */
export function plain(module: string): string {
  return module.replace(/^node:/, "");
}
