import { TidelockError } from "../../model/errors.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { compareAnswers } from "./answers.ts";
import { compareRecords } from "./compare.ts";
import { flagIn, nothingReport, reportOf } from "./report.ts";
import { ParityConfiguration } from "./schema.ts";

/**
 * Says how the environment under test differs from another one, by default production: processes and what they
 * run, limits, names of the configuration, feature flags, parts of the release, router, and the headers of answers.
 * What passes here says less about there the more they differ.
 */
export const parity: Check<typeof ParityConfiguration> = {
  id: "parity",
  schema: ParityConfiguration,
  touch: "passive",
  cost: "cheap",
  disturbs: [],
  sensitiveTo: ["load", "availability"],
  judgedBy: "itself",
  purpose: "told",
  run: runParity,
};

async function runParity(
  context: CheckContext,
  configuration: ParityConfiguration,
): Promise<CheckReport> {
  if (context.slot === null || context.comparedWith === undefined) {
    throw new TidelockError("unsupported", "nothing is deployed that could be compared", {
      fault: "operator",
      where: "phase",
      hint: "use `phase: deployed` or `live`",
    });
  }
  const comparison = await context.comparedWith(configuration.environment ?? null);
  const { environment, there, nothing } = comparison;
  if (there === null || environment === null) {
    return nothingReport(nothing ?? "nothing is live there", configuration);
  }
  const { origin } = there;
  const asked = origin !== null && configuration.paths.length > 0;
  const answers = asked
    ? await compareAnswers(context, configuration, { name: environment, origin })
    : null;
  return reportOf(
    comparison,
    compareRecords(comparison, flagIn(configuration)),
    answers,
    configuration,
  );
}
