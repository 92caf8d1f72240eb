import type { Scenario } from "./read-feature.ts";
import type { AttackSpecsConfiguration } from "./schema.ts";

/** Tags by which a file itself asks that a scenario be passed over. Nothing is: it is said, and no pass. */
const asksToSkip = ["@skip", "@ignore", "@wip", "@pending", "@manual", "@disabled"];

export interface Chosen {
  readonly play: readonly Scenario[];
  /** Passed over because the demand says so. */
  readonly leftOut: readonly Scenario[];
  /** Would be passed over if the file had its way. */
  readonly asked: readonly Scenario[];
}

/** What is played: the demand chooses by tags, the file does not. */
export function choose(
  scenarios: readonly Scenario[],
  { only, except }: Pick<AttackSpecsConfiguration, "only" | "except">,
): Chosen {
  const chosen = scenarios.filter(
    ({ tags }) =>
      (only.length === 0 || tags.some((tag) => only.includes(tag))) &&
      !tags.some((tag) => except.includes(tag)),
  );
  const asked = chosen.filter(({ tags }) =>
    tags.some((tag) => asksToSkip.includes(tag.toLowerCase())),
  );
  return {
    play: chosen.filter((scenario) => !asked.includes(scenario)),
    leftOut: scenarios.filter((scenario) => !chosen.includes(scenario)),
    asked,
  };
}
