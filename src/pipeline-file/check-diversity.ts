import { strictestDiversity } from "../model/diversity.ts";
import type { Problem } from "../model/errors.ts";
import type { Environment, Pipeline } from "../model/pipeline.ts";
import type { Placed } from "./cross-check.ts";
import { expandProfile } from "./profiles.ts";
import { diversityProblem } from "./scanners.ts";
import type { CheckKind } from "./where-users-are.ts";

/**
 * Environments that ask for more different programs than they demand checks of. Only where the file has the
 * environment's document: a floor that stands elsewhere may demand more, and the server knows it.
 */
export function checkDiversity(
  pipelines: readonly Placed<Pipeline>[],
  environments: readonly Placed<Environment>[],
  adapters: ReadonlyMap<string, CheckKind>,
): Problem[] {
  const floors = new Map(
    environments.map(({ document }) => [document.metadata.name, document.spec.floor]),
  );
  return pipelines.flatMap(({ document, source }) =>
    document.spec.environments.flatMap((lane, index) => {
      const floor = floors.get(lane.name);
      if (floor === undefined) return [];
      const checks = [...floor.checks, ...expandProfile(lane, adapters).checks];
      const asked = strictestDiversity(lane.diversity, floor.diversity);
      const problem = diversityProblem(asked, checks, adapters);
      if (problem === null) return [];
      const field = lane.diversity === undefined ? [] : ["diversity"];
      return [{ where: source.at(["spec", "environments", index, ...field]), ...problem }];
    }),
  );
}
