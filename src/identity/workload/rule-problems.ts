import type { Problem } from "../../model/errors.ts";
import type { WorkloadRule } from "../../model/workload.ts";
import { platformOfHost, platforms } from "./platforms.ts";

/** Why a rule would let in more than anybody meant; none: it may stand. */
export function ruleProblems(rule: WorkloadRule): readonly Problem[] {
  const facts = platforms[rule.platform];
  const { claims, issuer, audience } = rule;
  const problems: Problem[] = [];
  const say = (where: string, message: string, hint: string) =>
    problems.push({ where, message, hint });
  const named = (claim: string) => Object.hasOwn(claims, claim);

  const demanded = platformOfHost[new URL(issuer).hostname];
  if (demanded !== undefined && demanded !== rule.platform) {
    say(
      "platform",
      `${issuer} is ${platforms[demanded].title}, and its tokens are only taken as such`,
      `--platform ${demanded}`,
    );
  }
  if (facts.unasked(audience, issuer)) {
    say(
      "audience",
      `${audience} is what ${facts.title} writes for everybody: a token for somebody else would count here`,
      "choose one that names this server alone, such as its address, and ask the platform for it",
    );
  }
  for (const claim of facts.immutable) {
    if (named(claim)) continue;
    say(
      "claims",
      `the rule does not name ${claim}: names can be given up and taken by somebody else, this id cannot`,
      `--claim ${claim}=…; every rule for ${facts.title} names ${facts.immutable.join(" and ")}`,
    );
  }
  const { protections } = facts;
  if (protections.length > 0 && !protections.some((all) => all.every(named))) {
    const choices = protections.map((all) => all.join(" with ")).join(", or ");
    say(
      "claims",
      "whoever may push any branch there would be let in: the rule names nothing that is protected",
      `name ${choices}`,
    );
  }
  for (const [claim, value] of Object.entries(facts.onlyValue)) {
    if (!named(claim) || claims[claim]?.every((one) => one === value)) continue;
    say("claims", `${claim} protects nothing unless it is ${value}`, `--claim ${claim}=${value}`);
  }
  if (facts.workflows.length > 0 && !rule.anyWorkflow && !facts.workflows.some(named)) {
    say(
      "claims",
      "the rule names no workflow: every file that runs there would be let in",
      `--claim ${facts.workflows[0]}=… (a \`*\` at its end stands for any ref), or --any-workflow`,
    );
  }
  for (const [claim, values] of Object.entries(claims)) {
    for (const value of values.filter((one) => one.endsWith("*"))) {
      if (facts.byBeginning.includes(claim) && /^.+@\*$/.test(value)) continue;
      say(
        "claims",
        `${claim} is compared as a whole: \`${value}\` would be no name`,
        facts.byBeginning.length > 0
          ? `only ${facts.byBeginning.join(" and ")} may end in \`@*\``
          : "write it out",
      );
    }
  }
  return problems;
}
