import { TidelockError } from "../../model/errors.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { targetsOf } from "../targets.ts";
import { choose, inOrder } from "./choose.ts";
import { library, understand, type Understood } from "./library.ts";
import { type Played, play } from "./play.ts";
import { readFeature } from "./read-feature.ts";
import { reportOf } from "./report.ts";
import { AttackSpecsConfiguration } from "./schema.ts";
import { collectSpecs } from "./sources.ts";
import { beginRun } from "./begin-run.ts";

/**
 * Plays written attacks (Gherkin, and Gauntlt's attack files) against the tested colour, by a closed library of
 * steps. Everything is read and understood before the first request is sent.
 */
export const attackSpecs: Check<typeof AttackSpecsConfiguration> = {
  id: "attack-specs",
  schema: AttackSpecsConfiguration,
  // A promise of the demand, which every run is held to before it sends anything.
  touch: ({ touch }) => touch,
  cost: "moderate",
  disturbs: ["load", "data", "sessions"],
  sensitiveTo: ["load", "availability", "data", "sessions"],
  purpose: "security",
  judgedBy: "observations",
  run,
};

async function run(
  context: CheckContext,
  configuration: AttackSpecsConfiguration,
): Promise<CheckReport> {
  const specs = await collectSpecs(context, configuration.specs);
  const scenarios = inOrder(
    specs.map(({ owner, file, text }) => ({ owner, scenarios: readFeature(file, text) })),
  );
  const { scenarios: most } = configuration.limits;
  if (scenarios.length > most) {
    throw new TidelockError(
      "invalid-input",
      `there are ${scenarios.length} scenarios, and ${most} at most (with.limits.scenarios)`,
      { fault: "operator" },
    );
  }
  const chosen = choose(scenarios, configuration);
  const understood = chosen.play.map(understand);
  // A file that is understood in part was not played as it was meant: nothing of the run would count.
  const unclear = understood.some(({ kind }) => kind === "unclear");
  const refused = configuration.touch === "passive" ? understood.flatMap(notPassive) : [];
  const [target] = targetsOf(context, configuration.through);
  const played: Played[] = [];
  const facts = { specs, chosen, library: library.length };
  if (unclear || refused.length > 0 || target === undefined) {
    return reportOf(configuration, {
      ...facts,
      played,
      understood,
      refused,
      run: null,
      noTarget: target === undefined,
    });
  }
  const begun = await beginRun(context, configuration, target);
  for (const one of understood) played.push(await play(begun, one));
  return reportOf(configuration, {
    ...facts,
    played,
    understood,
    refused,
    run: begun,
    noTarget: false,
  });
}

/** Why a scenario is more than reading; nothing for one that only reads and says so. */
function notPassive(understood: Understood): readonly string[] {
  const { scenario } = understood;
  if (understood.kind === "unclear") return [];
  if (scenario.tags.includes("@intrusive") || !scenario.tags.includes("@passive")) {
    return [`${scenario.where}: ${scenario.name} is not declared @passive`];
  }
  const bad = understood.calls.find(({ step, words }) =>
    typeof step.safe === "function" ? !step.safe(words) : !step.safe,
  );
  return bad === undefined
    ? []
    : [`${bad.written.where}: "${bad.step.expression.source}" does more than read`];
}
