import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../../model/errors.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import type { CheckProcess } from "../../ports/host-agent.ts";
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
  intrusive: true,
  run: runCommand,
};

/** What is kept of each stream. */
const outputBytes = 1024 * 1024;
const fastPollMs = 50;
const slowPollMs = 1_000;

async function runCommand(
  context: CheckContext,
  configuration: CommandConfiguration,
): Promise<CheckReport> {
  await context.agent.call("check.start", {
    fence: context.fence,
    run: context.run,
    argv: [...configuration.command],
    env: { ...configuration.env, ...variablesFor(context) },
    tree: configuration.in === "release" ? context.tree : null,
    timeoutMs: context.timeoutMs,
    outputBytes,
  });
  const ended = await untilEnded(context);
  if (ended.state === "unknown") {
    throw new TidelockError(
      "failed",
      "the agent no longer knows this run, so its outcome is lost",
      {
        retryable: true,
        where: context.run,
        hint: "retry the promotion",
      },
    );
  }
  return judge(ended, configuration);
}

/** Waits for the end; an agent that is away for a moment (it is being replaced) is asked again. */
async function untilEnded(context: CheckContext): Promise<CheckProcess> {
  let pause = fastPollMs;
  for (;;) {
    if (context.signal.aborted) await stop(context);
    context.signal.throwIfAborted();
    const seen = await observe(context);
    if (seen !== null && seen.state !== "running") return seen;
    try {
      await sleep(pause, undefined, { signal: context.signal });
    } catch {
      // The signal: the next turn stops the run and throws.
    }
    pause = Math.min(slowPollMs, pause * 1.5);
  }
}

async function observe(context: CheckContext): Promise<CheckProcess | null> {
  try {
    return await context.agent.call("check.observe", { run: context.run });
  } catch (error) {
    if (error instanceof TidelockError && error.retryable) return null;
    throw error;
  }
}

/** Best effort: the agent's own time limit ends what this cannot reach. */
async function stop(context: CheckContext): Promise<void> {
  try {
    await context.agent.call("check.stop", { run: context.run });
  } catch (error) {
    if (!(error instanceof TidelockError)) throw error;
  }
}
