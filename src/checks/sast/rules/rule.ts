import {
  bare,
  child,
  children,
  isCall,
  isMember,
  keyOf,
  type Node,
  propertyName,
  quasis,
  stringOf,
} from "../ast.ts";
import { lookup, type Program } from "../scopes.ts";
import type { Danger, Origin, Taint, Taints } from "../taint.ts";

export interface RuleContext {
  readonly program: Program;
  readonly taints: Taints;
  /** @param severity where this hit is lighter or graver than its rule */
  report(rule: string, node: Node, message: string, severity?: number): void;
}

/** Looks at one node; called for every node of a file. */
export type Visit = (node: Node, context: RuleContext) => void;

/**
 * How sure and how bad a hit is by who has the word: full when it is a request's, half of the way when only
 * whoever starts the program can say it, a hint when it is a parameter of a function that is called elsewhere.
 */
export function weigh(taint: Taint, full: number): number {
  if (taint.origin === "request" || taint.origin === "browser") return full;
  return taint.origin === "start" ? Math.min(full, 3.9) : Math.min(full, 5.5);
}

export function tainted(
  context: RuleContext,
  node: Node | null | undefined,
  danger: Danger | null,
  origins: readonly Origin[] = ["request"],
): Taint | null {
  const taint = context.taints.of(node);
  if (taint === null || !origins.includes(taint.origin)) return null;
  return danger !== null && taint.safeFor.includes(danger) ? null : taint;
}

export function said(taint: Taint): string {
  switch (taint.origin) {
    case "request":
      return `from ${taint.source}`;
    case "browser":
      return `from ${taint.source}, which a link can set`;
    case "start":
      return `from ${taint.source}`;
    case "caller":
      return `from the parameter ${taint.source}, whose callers are not in this file`;
  }
}

/** All constant text that an expression is put together from, through names. */
export function constantText(node: Node | null | undefined, depth = 0): string {
  const at = bare(node ?? null);
  if (at === null || depth > 8) return "";
  const direct = stringOf(at);
  if (direct !== null) return direct;
  if (at.type === "TemplateLiteral") return quasis(at).join(" ? ");
  if (at.type === "BinaryExpression") {
    return `${constantText(child(at, "left"), depth + 1)} ${constantText(child(at, "right"), depth + 1)}`;
  }
  if (at.type === "Identifier") {
    return (lookup(at)?.flows ?? [])
      .slice(0, 8)
      .map(({ from }) => constantText(from, depth + 1))
      .join(" ");
  }
  if (at.type === "ArrayExpression") {
    return children(at, "elements")
      .map((one) => constantText(one, depth + 1))
      .join(" ");
  }
  if (isCall(at)) {
    const callee = bare(child(at, "callee"));
    const object = isMember(callee) ? child(callee, "object") : null;
    return [object, ...children(at, "arguments")]
      .map((one) => constantText(one, depth + 1))
      .join(" ");
  }
  return "";
}

/** The constant text that an expression begins with: decides whether a host or a path is fixed. */
export function beginning(node: Node | null | undefined, depth = 0): string {
  const at = bare(node ?? null);
  if (at === null || depth > 8) return "";
  const direct = stringOf(at);
  if (direct !== null) return direct;
  if (at.type === "TemplateLiteral") {
    const [first = ""] = quasis(at);
    return first !== "" ? first : beginning(children(at, "expressions")[0], depth + 1);
  }
  if (at.type === "BinaryExpression" && at["operator"] === "+") {
    return beginning(child(at, "left"), depth + 1);
  }
  if (at.type === "Identifier") {
    const flows = lookup(at)?.flows.filter(({ field }) => field === null) ?? [];
    return flows.length === 1 && flows[0]?.path.length === 0
      ? beginning(flows[0].from, depth + 1)
      : "";
  }
  return "";
}

/** Put together from parts, not one literal: `a + b`, a template with holes, `list.join()`. */
export function isBuilt(node: Node | null | undefined, depth = 0): boolean {
  const at = bare(node ?? null);
  if (at === null || depth > 6) return false;
  if (at.type === "TemplateLiteral") return children(at, "expressions").length > 0;
  if (at.type === "BinaryExpression") return at["operator"] === "+";
  if (at.type === "Identifier") {
    return (lookup(at)?.flows ?? []).some(({ from }) => isBuilt(from, depth + 1));
  }
  return isCall(at) && /^(?:join|concat|format|replace)$/.test(calledName(at));
}

export function calledName(call: Node): string {
  const callee = bare(child(call, "callee"));
  return isMember(callee) ? propertyName(callee) : keyOf(callee);
}

/** An object literal, also one that a name stands for. */
export function literalObject(node: Node | null | undefined): Node | null {
  const at = bare(node ?? null);
  if (at?.type === "ObjectExpression") return at;
  if (at?.type !== "Identifier") return null;
  const [only, more] = lookup(at)?.flows.filter(({ field }) => field === null) ?? [];
  const from = bare(only?.from ?? null);
  return more === undefined && from?.type === "ObjectExpression" ? from : null;
}

export function isTrue(node: Node | null | undefined): boolean {
  return node?.type === "BooleanLiteral" && node["value"] === true;
}

export function isFalse(node: Node | null | undefined): boolean {
  return node?.type === "BooleanLiteral" && node["value"] === false;
}
