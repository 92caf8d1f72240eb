import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { untilEnded } from "../agent-run.ts";
import { judge } from "./judge.ts";
import { CommandConfiguration } from "./schema.ts";
import { variablesFor } from "./variables.ts";

/**
 * Runs any program under the check user, through the agent. The run id makes it the same run after a
 * crash of the server: it is not started twice, and its outcome is found again.
 */
export const command: Check<typeof CommandConfiguration> = {
  id: "command",
  schema: CommandConfiguration,
  // What the program does is not known; the configuration may promise that it only looks.
  touch: ({ touch }) => touch,
  cost: "moderate",
  disturbs: ["data", "load"],
  sensitiveTo: ["load", "availability", "data"],
  judgedBy: "itself",
  purpose: "told",
  run: runCommand,
};

/** What is kept of each stream. */
const outputBytes = 1024 * 1024;

async function runCommand(
  context: CheckContext,
  configuration: CommandConfiguration,
): Promise<CheckReport> {
  const ended = await untilEnded(context, () => ({
    argv: [...configuration.command],
    env: { ...configuration.env, ...variablesFor(context) },
    tree: configuration.in === "release" ? context.tree : null,
    outputBytes,
  }));
  return judge(ended, configuration);
}
