import type { Scenario } from "./read-feature.ts";
import type { AttackSpecsConfiguration } from "./schema.ts";
import type { Spec } from "./sources.ts";

/** Tags by which a file itself asks that a scenario be passed over. Nothing is: it is said, and no pass. */
const asksToSkip = ["@skip", "@ignore", "@wip", "@pending", "@manual", "@disabled"];

export interface Chosen {
  readonly play: readonly Scenario[];
  /** Passed over because the demand says so. */
  readonly leftOut: readonly Scenario[];
  /** Would be passed over if the file had its way. */
  readonly asked: readonly Scenario[];
}

/** By this tag a supplied scenario comes after all others of the run: it may lock somebody out. */
const last = "@last";

/** In the order of the demand, what locks people out at the end. Only supplied files can ask for that. */
export function inOrder(
  files: readonly (Pick<Spec, "owner"> & { readonly scenarios: readonly Scenario[] })[],
): readonly Scenario[] {
  const all = files.flatMap(({ owner, scenarios }) =>
    scenarios.map((scenario) => ({
      scenario,
      isLast: owner === "pack" && scenario.tags.includes(last),
    })),
  );
  return [...all.filter(({ isLast }) => !isLast), ...all.filter(({ isLast }) => isLast)].map(
    ({ scenario }) => scenario,
  );
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
