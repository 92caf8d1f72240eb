import type { GateFacts } from "../model/gate-facts.ts";
import type { PlannedRule } from "../model/gate-rule.ts";
import { printable } from "../model/printable.ts";
import { breakable, isBreakableRule } from "./break-glass.ts";
import { type Budget, evaluate } from "./cel/evaluate.ts";
import { mostStepsOfAll } from "./cel/frame.ts";
import { type Ground, ground } from "./decide.ts";
import type { Subject } from "./evidence.ts";

/** What a gate's rules look at. Absent in what was kept before there were any. */
export interface RulesInput {
  readonly subject: Subject;
  readonly now: string;
  /** The floor's and the pipeline's, all of which have to be true. */
  readonly rules?: readonly PlannedRule[] | undefined;
  /**
   * Gathered whether there are rules or not, so that later ones can be put to it. Null: it could not be gathered;
   * absent: nobody gathered it, as in what was kept before there were any. Neither lets anything through.
   */
  readonly facts?: GateFacts | null | undefined;
  /** A return of traffic: rules do not hold it up, and what they would have said is said (law 9). */
  readonly returning?: boolean | undefined;
}

/** One ground for each rule: only a rule that came out true lets through. */
export function ruleGrounds(input: RulesInput): readonly Ground[] {
  const rules = input.rules ?? [];
  const facts = factsFor(input);
  // In the plan's order, so that the same ones find nothing left whenever it is decided again.
  const budget = { left: mostStepsOfAll };
  return rules.map((rule) => {
    const said = typeof facts === "string" ? denied(rule, facts) : judged(rule, facts, budget);
    if (said.outcome === "allow") return said;
    if (input.returning !== true) {
      const of = `rule ${rule.from} ${rule.name}`;
      // Facts that were not gathered are no evidence that anybody could weigh.
      return typeof facts === "string" || !isBreakableRule(rule) ? said : breakable(said, { of });
    }
    return ground("allow", said.rule, `${said.message}; a return is not held up by it`);
  });
}

/** The facts, or the sentence on why there are none that count for this. */
function factsFor({ facts, subject, now }: RulesInput): GateFacts | string {
  if (facts === undefined || facts === null) {
    return "what it asks about is not known: the facts of this decision were not gathered; start the promotion again, and if it stays so `tidelock doctor` says what is wrong";
  }
  const others = [
    ["service", facts.service, subject.service],
    ["environment", facts.environment.name, subject.environment],
    ["colour", facts.colour, subject.colour],
    ["release", facts.release.digest, subject.release],
    ["configuration", facts.configuration.digest, subject.configuration],
    ["time", facts.now, now],
  ].filter(([, has, wanted]) => has !== wanted);
  if (others.length === 0) return facts;
  const what = others.map(([name]) => name).join(", ");
  return `the facts are those of another decision (other ${what}); start the promotion again`;
}

function judged(rule: PlannedRule, facts: GateFacts, budget: Budget): Ground {
  const { holds, unknown, leanedOn } = evaluate(rule.require, facts, budget);
  if (holds) return ground("allow", idOf(rule), `${titleOf(rule)}: ${oneLine(rule.require)}`);
  const said = leanedOn.filter((phrase) => phrase !== unknown);
  const why = unknown === null ? said : [unknown, ...said];
  return denied(rule, why.join("; "));
}

function denied(rule: PlannedRule, why: string): Ground {
  const text = rule.because ?? `not true: ${oneLine(rule.require)}`;
  const reason = why === "" ? "" : ` (${why})`;
  return ground("deny", idOf(rule), `${titleOf(rule)}: ${printable(text, 400)}${reason}`);
}

/** For programs: which rule of the plan it was. */
function idOf({ name }: PlannedRule): string {
  return `rule.${name}`;
}

function titleOf({ name, from }: PlannedRule): string {
  const title = `rule ${printable(name, 63)}`;
  return from === "floor" ? `${title} of the environment` : title;
}

/** As a sentence can hold it. */
function oneLine(expression: string): string {
  // Nearly every one is written so already.
  const line = /\s\s|[^\S ]/.test(expression) ? expression.replace(/\s+/g, " ") : expression;
  return printable(line.trim(), 160);
}
