import type { GateFacts } from "../../model/gate-facts.ts";
import { compile, type CompiledExpression } from "./compile.ts";
import { Exhausted, type Frame, mostSteps, Unanswered } from "./frame.ts";
import { RuleProblem } from "./problem.ts";

/** What an expression says of the facts. Only `holds` lets through. */
export interface Evaluated {
  readonly holds: boolean;
  /** Why there was no answer; null: there was one. */
  readonly unknown: string | null;
  /** The values that it leaned on, each a phrase; of what holds none are given. */
  readonly leanedOn: readonly string[];
}

/** What rules may still take together, in steps. */
export interface Budget {
  left: number;
}

/** More than these nobody reads in one sentence. */
const mostPhrases = 6;

/** Pure, total and bounded: whatever the expression and whatever the facts, it answers, and never with a yes by mistake. */
export function evaluate(
  expression: string,
  facts: GateFacts,
  budget: Budget = { left: mostSteps },
): Evaluated {
  const compiled = compiledOrProblem(expression);
  if (compiled instanceof RuleProblem) {
    return { holds: false, unknown: `it is no valid rule: ${compiled.message}`, leanedOn: [] };
  }
  const most = Math.min(mostSteps, budget.left);
  const frame = frameOf(facts, most);
  try {
    const holds = compiled.run(frame) === true;
    budget.left -= most - frame.left;
    if (holds) return { holds: true, unknown: null, leanedOn: [] };
    return { holds: false, unknown: null, leanedOn: phrases(compiled, facts) };
  } catch (error) {
    budget.left -= most - frame.left;
    return { holds: false, unknown: reasonOf(error), leanedOn: phrases(compiled, facts) };
  }
}

function frameOf(facts: GateFacts, left: number): Frame {
  return { facts, slots: [], left };
}

function reasonOf(error: unknown): string {
  if (error instanceof Unanswered || error instanceof Exhausted) return error.message;
  return "the facts are not of their form";
}

function phrases({ leanedOn }: CompiledExpression, facts: GateFacts): readonly string[] {
  try {
    return [...new Set(leanedOn(frameOf(facts, mostSteps), true))].slice(0, mostPhrases);
  } catch {
    return [];
  }
}

/** By text; what a plan asks for is asked for again at its next decision. */
const cache = new Map<string, CompiledExpression | RuleProblem>();
const mostCached = 500;

/** Compiled, or what is wrong with it. */
export function compiledOrProblem(expression: string): CompiledExpression | RuleProblem {
  const known = cache.get(expression);
  if (known !== undefined) return known;
  const made = attempt(expression);
  for (const oldest of cache.keys()) {
    if (cache.size < mostCached) break;
    cache.delete(oldest);
  }
  cache.set(expression, made);
  return made;
}

function attempt(expression: string): CompiledExpression | RuleProblem {
  try {
    return compile(expression);
  } catch (error) {
    // Whatever else is met on the way (no stack left, no text at all) lets nothing through either.
    return error instanceof RuleProblem ? error : new RuleProblem(0, "it cannot be read");
  }
}
