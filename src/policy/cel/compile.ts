import { printable } from "../../model/printable.ts";
import { factTypes } from "./fact-types.ts";
import { type Frame, mostSteps, spend, unanswered } from "./frame.ts";
import { callFunction, callMethod } from "./functions.ts";
import { logical, conditional, not } from "./logic.ts";
import { loop } from "./loops.ts";
import { arithmetic, compare, equality, isArithmetic, isOrder, negate } from "./operators.ts";
import { quoted, RuleProblem, suggest } from "./problem.ts";
import { readSyntax, type Node } from "./syntax.ts";
import {
  asBool,
  changing,
  type LeanedOn,
  present,
  type Scope,
  shown,
  type Typed,
  typed,
} from "./typed.ts";
import { type CelType, comparable, isScalar, strip, typeText } from "./types.ts";

/** Ready to be evaluated, as often as wanted. */
export interface CompiledExpression {
  readonly run: (frame: Frame) => boolean;
  readonly leanedOn: LeanedOn;
  /** The most steps it takes over facts of the sizes that are reckoned with. */
  readonly cost: number;
  /** What it reads, each once: `findings.new.high`. */
  readonly reads: readonly string[];
}

/**
 * An expression over `GateFacts`, checked as a whole: syntax, names, types, and what it may cost. Throws `RuleProblem`
 * for the first thing that is wrong.
 */
export function compile(text: string): CompiledExpression {
  const whole = compileNode(readSyntax(text), new Map());
  const { run } = asBool(whole, "a rule's condition");
  changing(whole);
  if (whole.cost > mostSteps) {
    const message = `it may take ${whole.cost} steps, more than ${mostSteps}`;
    throw new RuleProblem(whole.at, message, costHint);
  }
  const facts = whole.reads.filter((read) => read.slot === null).map((read) => read.text);
  return { run, leanedOn: whole.leanedOn, cost: whole.cost, reads: [...new Set(facts)].sort() };
}

const costHint =
  "loops within loops multiply; use the counts (`findings.new.high`), or one loop with `&&` in it";

function compileNode(node: Node, scope: Scope): Typed {
  switch (node.kind) {
    case "literal":
      return literal(node.at, node.value);
    case "name":
      return variable(node.at, node.name, scope);
    case "field":
      return node.test
        ? hasKey(node.at, compileNode(node.of, scope), node.name)
        : field(node.at, compileNode(node.of, scope), node.name);
    case "list":
      return list(
        node.at,
        node.items.map((item) => compileNode(item, scope)),
      );
    case "loop":
      return loop(node, scope, compileNode);
    case "call":
      return call(node, scope);
  }
}

function call(node: Node & { kind: "call" }, scope: Scope): Typed {
  const { at, name, target, args } = node;
  if (name === "_-_") notADash(args, scope);
  const parts = args.map((arg) => compileNode(arg, scope));
  if (target !== null) return callMethod(at, name, compileNode(target, scope), parts);
  const [a, b, c] = parts;
  if (a === undefined) return callFunction(at, name, parts);
  if (name === "!_") return not(at, a);
  if (name === "-_") return negate(at, a);
  if (b === undefined) return callFunction(at, name, parts);
  if (name === "_&&_" || name === "_||_") return logical(at, name, a, b);
  if (name === "_==_" || name === "_!=_") return equality(at, name, a, b);
  if (isOrder(name)) return compare(at, name, a, b);
  if (isArithmetic(name)) return arithmetic(at, name, a, b);
  if (name === "@in") return contained(at, a, b);
  if (name === "_[_]") return index(at, a, b);
  if (name === "_?_:_" && c !== undefined) return conditional(at, a, b, c);
  return callFunction(at, name, parts);
}

/** `checks.my-check.verdict` is a difference, and was not meant as one. */
function notADash([left, right]: readonly Node[], scope: Scope): void {
  const first = right === undefined ? null : leftmost(right);
  if (left?.kind !== "field" || first === null) return;
  if (scope.has(first.name) || factTypes.has(first.name)) return;
  const message = `there is no fact ${quoted(first.name)}`;
  const hint = `a name with a dash stands in brackets: \`['${left.name}-${first.name}']\``;
  throw new RuleProblem(first.at, message, printable(hint));
}

function leftmost(node: Node): (Node & { kind: "name" }) | null {
  if (node.kind === "name") return node;
  return node.kind === "field" ? leftmost(node.of) : null;
}

function literal(at: number, value: bigint | number | string | boolean | null): Typed {
  const plain = typeof value === "bigint" ? Number(value) : value;
  if (typeof value === "bigint" && !Number.isSafeInteger(plain)) {
    const message = `${quoted(String(value))} is too large a number`;
    throw new RuleProblem(at, message, `whole numbers go to ${Number.MAX_SAFE_INTEGER}`);
  }
  if (typeof plain === "number" && !Number.isFinite(plain)) {
    throw new RuleProblem(at, "this is too large a number", "write a smaller one");
  }
  return typed(at, literalType(value), () => plain, [], { value: plain });
}

function literalType(value: bigint | number | string | boolean | null): CelType {
  switch (typeof value) {
    case "bigint":
      return { kind: "int", counts: value >= 0n };
    case "number":
      return { kind: "double" };
    case "boolean":
      return { kind: "bool" };
    case "string":
      return { kind: "string", only: [value], literal: true };
    default:
      return { kind: "null" };
  }
}

function variable(at: number, name: string, scope: Scope): Typed {
  const own = scope.get(name);
  if (own !== undefined) {
    const { slot, type } = own;
    return chain(at, name, type, slot, (frame) => frame.slots[slot], []);
  }
  const type = factTypes.get(name);
  if (type !== undefined) return chain(at, name, type, null, factOf(name, type), []);
  const known = [...scope.keys(), ...factTypes.keys()];
  throw new RuleProblem(at, `there is no fact ${quoted(name)}`, suggest(name, known));
}

function factOf(name: string, type: CelType): Typed["run"] {
  return fieldOf((frame) => frame.facts, name, type, name);
}

/** One read, as long as it goes on: `findings`, then `findings.new`, then `findings.new.high`. */
function chain(
  at: number,
  path: string,
  type: CelType,
  slot: number | null,
  run: Typed["run"],
  parts: readonly Typed[],
): Typed {
  return typed(at, type, run, parts, { path, reads: [{ text: path, slot, type, run }] });
}

function field(at: number, of: Typed, name: string): Typed {
  const object = present(of);
  const path = `${of.path ?? "…"}.${name}`;
  if (object.type.kind === "map") return keyOf(at, object, path, name);
  if (object.type.kind !== "object") {
    const message = `${of.path ?? "this"} has no fields: it is of type ${typeText(of.type)}`;
    throw new RuleProblem(at, message, fieldHint(object.type));
  }
  const type = object.type.fields.get(name);
  if (type === undefined) {
    const message = `there is no field ${quoted(name)} in ${of.path ?? "this"}`;
    throw new RuleProblem(at, message, suggest(name, [...object.type.fields.keys()]));
  }
  const run = fieldOf(object.run, name, type, path);
  const [read, ...others] = of.reads;
  if (read === undefined || others.length > 0 || of.path === null) {
    return typed(at, type, run, [of], { path });
  }
  return chain(at, path, type, read.slot, run, [of]);
}

function fieldHint(type: CelType): string {
  return type.kind === "list" ? "ask of its items: `.exists(x, …)`, `.all(x, …)`" : "compare it";
}

/** Instants stand as text in the facts; a field that old facts lack is not known, as null is. */
function fieldOf(of: Typed["run"], name: string, type: CelType, path: string): Typed["run"] {
  const lacking = unanswered(`${path} is not in these facts`);
  const read = (frame: Frame) => (of(frame) as Held)[name];
  if (strip(type).kind === "timestamp") {
    const unreadable = unanswered(`${path} is no instant`);
    return (frame) => {
      const ms = Date.parse(String(read(frame)));
      return Number.isNaN(ms) ? unreadable() : ms;
    };
  }
  if (type.kind === "nullable") return (frame) => read(frame) ?? null;
  // Written out: this is what loops do most.
  return (frame) => (of(frame) as Held)[name] ?? lacking();
}

type Held = Readonly<Record<string, unknown>>;

function keyOf(at: number, map: Typed, path: string, key: string): Typed {
  if (map.type.kind !== "map") throw new RuleProblem(at, "this has no keys");
  knownKey(at, map, key);
  const { run, type } = map;
  const lacking = unanswered(`there is no ${path}`);
  const get = (frame: Frame) => {
    const held = run(frame) as Readonly<Record<string, unknown>>;
    return Object.hasOwn(held, key) ? held[key] : lacking();
  };
  const [read] = map.reads;
  return chain(at, path, type.of, read?.slot ?? null, get, [map]);
}

function knownKey(at: number, map: Typed, key: string): void {
  const only = map.type.kind === "map" ? map.type.keys.only : undefined;
  if (only === undefined || only.includes(key)) return;
  throw new RuleProblem(at, `${map.path ?? "this"} never has ${quoted(key)}`, suggest(key, only));
}

function hasKey(at: number, of: Typed, name: string): Typed {
  const map = present(of);
  if (map.type.kind !== "map") {
    const hint = `write \`${of.path ?? "it"}.${name} != null\``;
    throw new RuleProblem(at, "fields are always there; `has` is for maps", hint);
  }
  knownKey(at, map, name);
  const run = (frame: Frame) => Object.hasOwn(map.run(frame) as object, name);
  return typed(at, { kind: "bool" }, run, [of]);
}

function index(at: number, of: Typed, by: Typed): Typed {
  const held = present(of);
  const key = present(by);
  if (held.type.kind === "map" && key.type.kind === "string") {
    if (typeof key.value === "string") {
      return keyOf(by.at, held, `${of.path ?? "…"}[${shown(key.value, key.type)}]`, key.value);
    }
    const none = unanswered(`${of.path ?? "a map"} has no such key`);
    const run = (frame: Frame) => {
      const map = held.run(frame) as Readonly<Record<string, unknown>>;
      const name = String(key.run(frame));
      return Object.hasOwn(map, name) ? map[name] : none();
    };
    return typed(at, held.type.of, run, [of, by]);
  }
  if (held.type.kind === "list" && key.type.kind === "int") {
    const none = unanswered(`${of.path ?? "a list"} has no such place`);
    const run = (frame: Frame) => {
      const items = held.run(frame) as readonly unknown[];
      const place = Number(key.run(frame));
      return place >= 0 && place < items.length ? items[place] : none();
    };
    const [read, ...others] = of.reads;
    if (key.value !== undefined && of.path !== null && read !== undefined && others.length === 0) {
      return chain(at, `${of.path}[${String(key.value)}]`, held.type.of, read.slot, run, [of]);
    }
    return typed(at, held.type.of, run, [of, by]);
  }
  const message = `${of.path ?? "this"} of type ${typeText(of.type)} has no ${typeText(by.type)} places`;
  throw new RuleProblem(by.at, message, "maps go by text in quotes, lists by whole numbers");
}

function list(at: number, items: readonly Typed[]): Typed {
  const [first] = items;
  const type = first === undefined ? ({ kind: "null" } as const) : strip(first.type);
  if (!isScalar(type)) {
    throw new RuleProblem(at, "lists of lists cannot be written here", "list plain values");
  }
  for (const item of items) {
    if (!comparable(item.type, type) || item.type.kind === "nullable") {
      const message = `a list has one type: this is ${typeText(item.type)}, the first ${typeText(type)}`;
      throw new RuleProblem(item.at, message, "make them all of one type");
    }
  }
  const runs = items.map((item) => item.run);
  const values = items.every((item) => "value" in item) ? items.map((item) => item.value) : null;
  const run = values === null ? (frame: Frame) => runs.map((one) => one(frame)) : () => values;
  const of = type.kind === "string" ? stringsOf(items) : type;
  return typed(at, { kind: "list", of, most: items.length }, run, items);
}

/** All that a list of literals can hold, so that each of them is held against what it is compared with. */
function stringsOf(items: readonly Typed[]): CelType {
  const only: string[] = [];
  for (const { value } of items) {
    if (typeof value !== "string") return { kind: "string" };
    only.push(value);
  }
  return { kind: "string", only, literal: true };
}

function contained(at: number, item: Typed, of: Typed): Typed {
  const held = present(of);
  if (held.type.kind === "map") {
    const key = present(item);
    if (key.type.kind !== "string") {
      throw new RuleProblem(item.at, "the keys of a map are text", `it is ${typeText(item.type)}`);
    }
    if (typeof key.value === "string") knownKey(item.at, held, key.value);
    const run = (frame: Frame) => {
      const name = String(key.run(frame));
      return Object.hasOwn(held.run(frame) as object, name);
    };
    return typed(at, { kind: "bool" }, run, [item, of]);
  }
  if (held.type.kind !== "list") {
    const message = `\`in\` asks of a list or a map, and this is of type ${typeText(of.type)}`;
    throw new RuleProblem(of.at, message, "for a part of a text write `text.contains(…)`");
  }
  const { most } = held.type;
  const element: Typed = { ...of, path: null, type: held.type.of };
  equality(at, "_==_", item, element);
  const run = (frame: Frame) => {
    const value = item.run(frame);
    const items = held.run(frame) as readonly unknown[];
    spend(frame, items.length);
    return items.includes(value);
  };
  return typed(at, { kind: "bool" }, run, [item, of], { cost: 1 + most });
}
