import type { z } from "zod";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { resolveIdentities } from "../probing/schema.ts";
import { targetsOf } from "../targets.ts";
import { reportOf } from "./report.ts";
import { scan, type ScanResult } from "./scan.ts";
import { DastConfiguration } from "./schema.ts";

/**
 * Attacks a running service as somebody outside would: with nothing but HTTP, two accounts, and its API's
 * description where there is one. `mode: passive` only looks.
 */
export const dast: Check<typeof DastConfiguration> = {
  id: "dast",
  schema: DastConfiguration,
  touch: ({ mode }) => (mode === "passive" ? "passive" : "intrusive"),
  scans: ["dast"],
  cost: "expensive",
  disturbs: ["load", "data", "sessions"],
  sensitiveTo: ["load", "availability", "data", "sessions"],
  judgedBy: "observations",
  run,
};

async function run(
  context: CheckContext,
  written: z.output<typeof DastConfiguration>,
): Promise<CheckReport> {
  const identities = await resolveIdentities(context, written.identities);
  const configuration: DastConfiguration = { ...written, identities };
  const results: (ScanResult & { origin: string })[] = [];
  // One instance is enough for what all of them run: the release is the same, and so is their state.
  for (const target of targetsOf(context, configuration.through).slice(0, 1)) {
    results.push({ ...(await scan(context, configuration, target)), origin: target.origin });
  }
  return reportOf(results, configuration);
}
