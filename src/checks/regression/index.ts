import { TidelockError } from "../../model/errors.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { replay } from "./replay.ts";
import { reportOf } from "./report.ts";
import { RegressionConfiguration } from "./schema.ts";

/**
 * Asks the tested colour and the one that users meet the same, and says how the answers differ. The live
 * colour is asked as any user may, with what only reads, and twice: what differs between its own two answers
 * is noise and is left out. Nothing of what users send is recorded or sent again.
 */
export const regression: Check<typeof RegressionConfiguration> = {
  id: "regression",
  schema: RegressionConfiguration,
  touch: ({ writes }) => (writes ? "intrusive" : "passive"),
  cost: "moderate",
  disturbs: [],
  // What an attack leaves behind would look like a difference.
  sensitiveTo: ["load", "data", "availability", "sessions"],
  purpose: "told",
  judgedBy: "itself",
  run: runRegression,
};

async function runRegression(
  context: CheckContext,
  configuration: RegressionConfiguration,
): Promise<CheckReport> {
  const { slot, route } = context;
  const live = context.live ?? null;
  if (slot === null || (live?.answers && live.colour === slot.colour)) {
    throw new TidelockError(
      "unsupported",
      "there is no idle colour that could be compared with the live one",
      {
        fault: "operator",
        where: "phase",
        hint: "use `phase: deployed` and `strategy: blue-green`",
      },
    );
  }
  const asked = live?.answers === true && route !== null;
  const found = await replay(context, configuration, asked ? route : null);
  return reportOf(found, configuration, asked ? live : null);
}
