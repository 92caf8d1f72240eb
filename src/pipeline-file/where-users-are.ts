import type { CheckDemand } from "../model/pipeline.ts";
import type { Check, Touch } from "../ports/check.ts";

/** What a file's checks are held against, of each adapter. */
export type CheckKind = Pick<Check, "schema" | "touch" | "scans" | "engine">;

/** How a check touches what it tests, with this configuration. */
export function touchOf({ touch }: Pick<Check, "touch">, configuration: unknown): Touch {
  return typeof touch === "function" ? touch(configuration as never) : touch;
}

/** Why a check of this phase and strategy would meet users or their data; null when it does not. */
export function whereUsersAre(
  { phase }: Pick<CheckDemand, "phase">,
  strategy: "blue-green" | "recreate" | null,
): { readonly field: "phase" | "uses"; readonly why: string; readonly hint: string } | null {
  if (phase === "live") {
    return {
      field: "phase",
      why: "`phase: live` would let it meet users",
      hint: "write `phase: deployed`: there it tests the idle colour; or make it passive",
    };
  }
  if (phase === "deployed" && strategy === "recreate") {
    return {
      field: "uses",
      why: "with `strategy: recreate` there is no idle colour: it would meet the instances that users get",
      hint: "demand it in an environment with `strategy: blue-green`; or make it passive",
    };
  }
  return null;
}
