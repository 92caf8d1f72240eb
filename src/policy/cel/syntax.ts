import { createRequire } from "node:module";
import type { parse as celParse } from "@bufbuild/cel";
import { longestExpression } from "../../model/gate-rule.ts";
import { printable } from "../../model/printable.ts";
import { RuleProblem } from "./problem.ts";

/** An expression as it was written, macros included. `at`: UTF-16 offset of what a message points to. */
export type Node = { readonly at: number } & (
  | { readonly kind: "literal"; readonly value: bigint | number | string | boolean | null }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "field"; readonly of: Node; readonly name: string; readonly test: boolean }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly target: Node | null;
      readonly args: readonly Node[];
    }
  | { readonly kind: "list"; readonly items: readonly Node[] }
  | Loop
);

export interface Loop {
  readonly at: number;
  readonly kind: "loop";
  /** `list`: filter and map in one; `when` keeps, `body` is what goes into the list. */
  readonly macro: "all" | "exists" | "exists_one" | "list";
  readonly over: Node;
  readonly variable: string;
  readonly when: Node | null;
  readonly body: Node;
}

/** Brackets within brackets, and operators within operators. */
const deepest = 40;

type Parse = typeof celParse;
type Expr = ReturnType<Parse>["expr"];
let loaded: Parse | null = null;

/** The parser is large; who meets no rule never loads it. */
function parser(): Parse {
  const require = createRequire(import.meta.url);
  loaded ??= (require("@bufbuild/cel") as { parse: Parse }).parse;
  return loaded;
}

/** Throws `RuleProblem` for everything that is no expression of CEL, or one that is too large to be read. */
export function readSyntax(text: string): Node {
  if (text.length > longestExpression) {
    const message = `it has ${text.length} characters, more than ${longestExpression}`;
    throw new RuleProblem(0, message, "make two rules of it");
  }
  if (!text.isWellFormed()) throw new RuleProblem(0, "it has half a character", "use whole ones");
  const deep = tooDeep(text);
  if (deep !== null) throw new RuleProblem(deep, nestedTooDeeply, "make two rules of it");
  const parsed = parse(text);
  const offsets = parsed.sourceInfo?.positions ?? {};
  return new Reader(text, (id) => offsets[String(id)] ?? 0).node(parsed.expr, 0);
}

const nestedTooDeeply = `it is nested deeper than ${deepest} levels`;

function parse(text: string): ReturnType<Parse> {
  try {
    return parser()(text);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new RuleProblem(0, nestedTooDeeply, "make two rules of it");
    }
    const place = (error as { location?: { start?: { offset?: number } } }).location;
    const end = place?.start?.offset ?? 0;
    const found = /^\s*(&&|\|\||[=!<>]=|\S)/.exec(text.slice(end))?.[1];
    const at = end + text.slice(end).search(/\S|$/);
    const what =
      found === undefined
        ? "something is missing at its end"
        : `it cannot be read on from \`${printable(found)}\``;
    const hint = "is an operand, a quote or a bracket missing there? the language is CEL";
    throw new RuleProblem(at, `syntax error: ${what}`, hint);
  }
}

/** The parser calls itself at every bracket. Quotes are not told apart: nobody writes so many into one either. */
function tooDeep(text: string): number | null {
  let open = 0;
  for (const { 0: found, index } of text.matchAll(/[([{)\]}]/g)) {
    open += "([{".includes(found) ? 1 : -1;
    if (open > deepest) return index;
  }
  return null;
}

class Reader {
  readonly #text: string;
  readonly #at: (id: bigint) => number;

  constructor(text: string, at: (id: bigint) => number) {
    this.#text = text;
    this.#at = at;
  }

  node(expr: Expr | undefined, depth: number): Node {
    if (expr === undefined) throw new RuleProblem(0, "a part of it is missing");
    const at = this.#at(expr.id);
    if (depth > deepest) throw new RuleProblem(at, nestedTooDeeply, "make two rules of it");
    const below = (part: Expr | undefined) => this.node(part, depth + 1);
    const { exprKind } = expr;
    switch (exprKind.case) {
      case "constExpr":
        return { kind: "literal", at, value: this.#literal(exprKind.value.constantKind, at) };
      case "identExpr":
        return { kind: "name", at, name: exprKind.value.name };
      case "selectExpr": {
        const { operand, field, testOnly } = exprKind.value;
        return {
          kind: "field",
          at: this.#pastDot(at),
          of: below(operand),
          name: field,
          test: testOnly,
        };
      }
      case "callExpr": {
        const { function: name, target, args } = exprKind.value;
        return {
          kind: "call",
          at: this.#pastDot(at),
          name,
          target: target === undefined ? null : below(target),
          args: args.map(below),
        };
      }
      case "listExpr":
        return { kind: "list", at, items: exprKind.value.elements.map(below) };
      case "comprehensionExpr":
        return this.#loop(expr, this.#pastDot(at), below);
      default:
        throw new RuleProblem(at, "maps and messages cannot be written in a rule", "use `||`");
    }
  }

  #literal(constant: { case: string | undefined; value?: unknown }, at: number) {
    switch (constant.case) {
      case "nullValue":
        return null;
      case "int64Value":
      case "doubleValue":
      case "boolValue":
      case "stringValue":
        return constant.value as bigint | number | boolean | string;
      case "uint64Value":
        throw new RuleProblem(at, "there are no unsigned numbers here", "leave the `u` out");
      default:
        throw new RuleProblem(at, "there are no bytes here", "leave the `b` out");
    }
  }

  /** The parser unfolds its macros; here they are folded again. `@result` cannot be written by anybody. */
  #loop(expr: Expr, at: number, below: (part: Expr | undefined) => Node): Node {
    const { exprKind } = expr;
    if (exprKind.case !== "comprehensionExpr") throw new RuleProblem(at, "it is no loop");
    const { iterRange, iterVar, accuInit, loopStep } = exprKind.value;
    const step = callArgs(loopStep);
    const base = { kind: "loop" as const, at, variable: iterVar, over: below(iterRange) };
    const start = accuInit?.exprKind;
    if (start?.case === "constExpr") {
      const { constantKind } = start.value;
      if (constantKind.case !== "boolValue") {
        return { ...base, macro: "exists_one", when: null, body: below(step.args[0]) };
      }
      const macro = constantKind.value ? "all" : "exists";
      return { ...base, macro, when: null, body: below(step.args[1]) };
    }
    if (step.name === "_?_:_") {
      const added = callArgs(step.args[1]);
      return {
        ...base,
        macro: "list",
        when: below(step.args[0]),
        body: below(single(added.args[1])),
      };
    }
    return { ...base, macro: "list", when: null, body: below(single(step.args[1])) };
  }

  /** `a . b`: a message points to `b`; and the blanks before an operator are counted to it. */
  #pastDot(at: number): number {
    const rest = /^\s*(\.\s*)?/.exec(this.#text.slice(at));
    return at + (rest?.[0].length ?? 0);
  }
}

function callArgs(expr: Expr | undefined): { name: string; args: readonly Expr[] } {
  const kind = expr?.exprKind;
  return kind?.case === "callExpr"
    ? { name: kind.value.function, args: kind.value.args }
    : { name: "", args: [] };
}

function single(list: Expr | undefined): Expr | undefined {
  return list?.exprKind.case === "listExpr" ? list.exprKind.value.elements[0] : undefined;
}
