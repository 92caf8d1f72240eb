import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { resetInstances } from "../reset.ts";
import { targetsOf } from "../targets.ts";
import { fuzz } from "./fuzz.ts";
import { reportOf } from "./report.ts";
import { ApiFuzzConfiguration } from "./schema.ts";

/**
 * Asks every operation that an API's description names in every way that it forbids, and in some that it allows,
 * and looks for what breaks. Repeatable by its seed; every failure comes with a small example that shows it again.
 */
export const apiFuzz: Check<typeof ApiFuzzConfiguration> = {
  id: "api-fuzz",
  schema: ApiFuzzConfiguration,
  touch: "intrusive",
  cost: "expensive",
  disturbs: ["load", "data", "availability", "sessions"],
  sensitiveTo: ["load", "availability", "data", "sessions"],
  purpose: "security",
  judgedBy: "observations",
  run,
};

async function run(
  context: CheckContext,
  configuration: ApiFuzzConfiguration,
): Promise<CheckReport> {
  const own =
    configuration.reset === "before"
      ? { ...context, instances: await resetInstances(context) }
      : context;
  // One instance is enough: all of them run the same release. Its process is watched with the others.
  const [target] = targetsOf(own, configuration.through);
  const result = target === undefined ? null : await fuzz(own, configuration, target);
  if (configuration.reset === "after") await resetInstances(context);
  return reportOf(result, configuration);
}
