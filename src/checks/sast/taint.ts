import {
  bare,
  type Binding,
  child,
  children,
  isCall,
  isMember,
  keyOf,
  type Node,
  propertyName,
} from "./ast.ts";
import { calleeOf } from "./modules.ts";
import { calledFunction, lookup, type Program } from "./scopes.ts";
import { globalSource, requestSource, socketParameter } from "./sources.ts";

/** Whose word a value is. */
export type Origin =
  /** Whoever sends a request. */
  | "request"
  /** Whoever makes a browser open an address. */
  | "browser"
  /** Whoever starts the program. */
  | "start"
  /** Whoever calls the function: perhaps anybody, and not to be seen from this file. */
  | "caller";

export interface Taint {
  readonly origin: Origin;
  /** As the source names it: `req.query`. */
  readonly source: string;
  /** It may be more than a string: an object that a request carried. */
  readonly structured: boolean;
  /** What it was made harmless for. */
  readonly safeFor: readonly Danger[];
}

export type Danger = "html" | "path" | "shell" | "sql" | "url" | "regex";

const rank: Readonly<Record<Origin, number>> = { request: 3, browser: 2, start: 1, caller: 0 };
const maxDepth = 60;

/** Calls that hand on what they were given. */
const carriers =
  /^(?:String|JSON\.(?:parse|stringify)|decodeURI(?:Component)?|unescape|atob|btoa|Buffer\.(?:from|concat)|path\.(?:join|resolve|normalize|format)|path\.(?:posix|win32)\.(?:join|resolve|normalize)|Object\.(?:assign|values|entries|keys|fromEntries)|Array\.(?:from|of)|util\.format|querystring\.parse|qs\.parse|url\.(?:parse|format|resolve)|Promise\.(?:resolve|all)|structuredClone)$/;
/** Methods of a value whose answer says something about it, and is not it. */
const answers =
  /^(?:includes|indexOf|lastIndexOf|startsWith|endsWith|test|search|localeCompare|charCodeAt|codePointAt|some|every|has|hasOwnProperty|findIndex|equals|forEach|push|getTime|valueOf|status)$/;
/** Methods that only strings have, or that make one. */
const texts =
  /^(?:toString|trim\w*|to(?:Lower|Upper)Case|substring|substr|padStart|padEnd|normalize|join)$/;
const numbers =
  /^(?:parseInt|parseFloat|Number|BigInt|Boolean|isNaN|isFinite|ObjectId|ObjectID|Date)$/;
const cleaners = /escape|sanit|purif|quote|encode(?:html|entities)|striptags|basename|slugify|xss/i;

export class Taints {
  readonly #program: Program;
  readonly #memo = new Map<Binding, Map<string, Taint | null>>();
  readonly #returns = new Map<Node, Map<string, Taint | null>>();
  #depth = 0;

  constructor(program: Program) {
    this.#program = program;
  }

  /** From where the value of an expression may come; null when nobody outside has a word in it. */
  of(expression: Node | null | undefined, path: readonly string[] = []): Taint | null {
    const node = bare(expression ?? null);
    if (node === null || this.#depth > maxDepth || path.length > 8) return null;
    this.#depth += 1;
    try {
      return this.#of(node, path);
    } finally {
      this.#depth -= 1;
    }
  }

  #of(node: Node, path: readonly string[]): Taint | null {
    switch (node.type) {
      case "Identifier":
        return this.#identifier(node, path);
      case "MemberExpression":
      case "OptionalMemberExpression": {
        const name = propertyName(node);
        if (name === "length") return null;
        return this.of(child(node, "object"), [name, ...path]);
      }
      case "TemplateLiteral":
        return text(strongest(children(node, "expressions").map((one) => this.of(one))));
      case "TaggedTemplateExpression":
        return keyOf(child(node, "tag")) === "*" &&
          propertyName(child(node, "tag") ?? node) === "raw"
          ? this.of(child(node, "quasi"))
          : null;
      case "BinaryExpression":
        return node["operator"] === "+"
          ? text(strongest([this.of(child(node, "left")), this.of(child(node, "right"))]))
          : null;
      case "LogicalExpression":
        return strongest([this.of(child(node, "left"), path), this.of(child(node, "right"), path)]);
      case "ConditionalExpression":
        return strongest([
          this.of(child(node, "consequent"), path),
          this.of(child(node, "alternate"), path),
        ]);
      case "AssignmentExpression":
        return this.of(child(node, "right"), path);
      case "SequenceExpression":
        return this.of(children(node, "expressions").at(-1), path);
      case "SpreadElement":
      case "YieldExpression":
        return this.of(child(node, "argument"), path);
      case "ArrayExpression":
        return strongest(children(node, "elements").map((one) => this.of(one, path.slice(1))));
      case "ObjectExpression":
        return this.#object(node, path);
      case "CallExpression":
      case "OptionalCallExpression":
      case "NewExpression":
        return this.#call(node, path);
      default:
        return null;
    }
  }

  #object(node: Node, [name, ...rest]: readonly string[]): Taint | null {
    const found = children(node, "properties").map((one) => {
      if (one.type === "SpreadElement") {
        return this.of(one, name === undefined ? [] : [name, ...rest]);
      }
      if (one.type !== "ObjectProperty") return null;
      const key = one["computed"] === true ? "*" : keyOf(child(one, "key"));
      const asked = name === undefined || name === "*" || key === "*" || key === name;
      return asked ? this.of(child(one, "value"), rest) : null;
    });
    return strongest(found);
  }

  #identifier(node: Node, path: readonly string[]): Taint | null {
    const name = String(node["name"]);
    const binding = lookup(node);
    if (binding === null) return requestSource(name, null, path) ?? globalSource(name, path);
    return this.#binding(binding, path);
  }

  #binding(binding: Binding, path: readonly string[]): Taint | null {
    const key = path.join("\0");
    const memo = this.#memo.get(binding) ?? new Map<string, Taint | null>();
    this.#memo.set(binding, memo);
    const known = memo.get(key);
    if (known !== undefined) return known;
    memo.set(key, null);
    const found: (Taint | null)[] = binding.flows.map(({ from, path: taken, field }) => {
      if (field === null) return this.of(from, [...taken, ...path]);
      const [first, ...rest] = path;
      const asked = first === undefined || first === field || field === "*" || first === "*";
      return asked ? this.of(from, first === undefined ? [] : rest) : null;
    });
    if (binding.parameter !== null) found.push(this.#parameter(binding, path));
    const result = strongest(found);
    memo.set(key, result);
    return result;
  }

  #parameter({ name, parameter }: Binding, path: readonly string[]): Taint | null {
    if (parameter === null) return null;
    const { of, index } = parameter;
    const whole = [...parameter.path, ...path];
    const request = requestSource(name, parameter, whole) ?? socketParameter(parameter);
    if (request !== null) return request;
    const found: (Taint | null)[] = [];
    for (const call of this.#program.calls.get(of) ?? []) {
      found.push(this.of(children(call, "arguments")[index], whole));
    }
    const place = of.parent;
    if (place && isCall(place) && children(place, "arguments").includes(of)) {
      // A callback of a tainted list or promise gets what is in it.
      const { object, name: method } = calleeOf(place);
      const elements =
        /^(?:map|forEach|filter|find|flatMap|some|every|then|reduce|sort|findIndex|replace)$/;
      if (object !== null && elements.test(method) && index <= (method === "reduce" ? 1 : 0)) {
        found.push(this.of(object, ["*", ...whole]));
      }
    } else if (found.length === 0) {
      found.push({ origin: "caller", source: name, structured: false, safeFor: [] });
    }
    return strongest(found);
  }

  #call(node: Node, path: readonly string[]): Taint | null {
    const { callee, object, name, module } = calleeOf(node);
    const given = children(node, "arguments");
    if (numbers.test(name) || (module ?? "").startsWith("Math.")) return null;
    const spoken = module ?? (object?.type === "Identifier" ? `${keyOf(object)}.${name}` : name);
    if (/^encodeURI(?:Component)?$/.test(name)) {
      return harmless(this.of(given[0]), ["html", "path", "url", "shell", "sql"]);
    }
    if (cleaners.test(name)) {
      const carried = strongest([...given, object].map((one) => this.of(one)));
      return name === "basename"
        ? harmless(carried, ["path"])
        : harmless(carried, ["html", "path", "shell", "sql", "regex"]);
    }
    if (carriers.test(spoken) || (node.type === "NewExpression" && name === "URL")) {
      const carried = strongest(given.map((one) => this.of(one)));
      return spoken === "String" ? text(carried) : carried;
    }
    if (isMember(callee)) {
      const source = this.of(callee);
      if (source !== null && !answers.test(name)) return texts.test(name) ? text(source) : source;
    }
    const target = calledFunction(this.#program, node);
    return target === null ? null : this.#returned(target, path);
  }

  #returned(of: Node, path: readonly string[]): Taint | null {
    const key = path.join("\0");
    const memo = this.#returns.get(of) ?? new Map<string, Taint | null>();
    this.#returns.set(of, memo);
    const known = memo.get(key);
    if (known !== undefined) return known;
    // A function that calls itself adds nothing to what its other ways return.
    memo.set(key, null);
    const body = child(of, "body");
    const found =
      body !== null && body.type !== "BlockStatement"
        ? this.of(body, path)
        : strongest(
            returnsOf(this.#program, of).map((one) => this.of(child(one, "argument"), path)),
          );
    memo.set(key, found);
    return found;
  }
}

function returnsOf(program: Program, of: Node): readonly Node[] {
  let all = returnsByFunction.get(program);
  if (all === undefined) {
    all = new Map();
    for (const node of program.nodes) {
      if (node.type !== "ReturnStatement") continue;
      const owner = node.scope?.owner ?? null;
      if (owner !== null) all.set(owner, [...(all.get(owner) ?? []), node]);
    }
    returnsByFunction.set(program, all);
  }
  return all.get(of) ?? [];
}
const returnsByFunction = new WeakMap<Program, Map<Node, readonly Node[]>>();

export function strongest(taints: readonly (Taint | null)[]): Taint | null {
  let best: Taint | null = null;
  for (const one of taints) {
    if (one === null) continue;
    if (best === null || rank[one.origin] > rank[best.origin]) best = one;
    // Of two that are equally bad, the one that was made harmless for less.
    else if (one.origin === best.origin && one.safeFor.length < best.safeFor.length) best = one;
  }
  return best;
}

/** What was made a string carries no operators. */
function text(taint: Taint | null): Taint | null {
  return taint === null ? null : { ...taint, structured: false };
}

function harmless(taint: Taint | null, dangers: readonly Danger[]): Taint | null {
  return taint === null
    ? null
    : { ...taint, structured: false, safeFor: [...new Set([...taint.safeFor, ...dangers])] };
}
