import type { Problem } from "../model/errors.ts";
import type { GateRule } from "../model/gate-rule.ts";
import type { Document } from "../model/pipeline.ts";
import { compiledOrProblem } from "../policy/cel/evaluate.ts";
import { mostStepsOfAll } from "../policy/cel/frame.ts";
import { RuleProblem } from "../policy/cel/problem.ts";
import type { Placed } from "./cross-check.ts";
import type { Path } from "./read-yaml.ts";

/** Whether every rule is an expression that can be right about a release: at most `limit` problems, each with its place. */
export function checkRules(documents: readonly Placed<Document>[], limit: number): Problem[] {
  const problems: Problem[] = [];
  for (const { document, source } of documents) {
    for (const { rules, path } of listsOf(document)) {
      let steps = 0;
      for (const [index, rule] of rules.entries()) {
        const earlier = rules.findIndex((one) => one.name === rule.name);
        if (earlier < index) {
          problems.push({
            where: source.at([...path, index, "name"]),
            message: `the rule name ${rule.name} is taken`,
            hint: "give each rule of an environment its own name",
          });
        }
        const wrong = compiledOrProblem(rule.require);
        if (!(wrong instanceof RuleProblem)) {
          steps += wrong.cost;
          continue;
        }
        problems.push({
          where: source.within([...path, index, "require"], wrong.at),
          message: `rule ${rule.name}: ${wrong.message}`,
          ...(wrong.hint === undefined ? {} : { hint: wrong.hint }),
        });
      }
      if (steps > mostStepsOfAll) {
        problems.push({
          where: source.at(path),
          message: `these rules may take ${steps} steps together, more than ${mostStepsOfAll}`,
          hint: "loops cost most: use the counts (`findings.new.high`), or one loop with `&&` in it",
        });
      }
      if (problems.length >= limit) return problems.slice(0, limit);
    }
  }
  return problems;
}

function listsOf(document: Document): { rules: readonly GateRule[]; path: Path }[] {
  return document.kind === "Environment"
    ? [{ rules: document.spec.floor.rules ?? [], path: ["spec", "floor", "rules"] }]
    : document.spec.environments.map((lane, index) => ({
        rules: lane.rules ?? [],
        path: ["spec", "environments", index, "rules"],
      }));
}
