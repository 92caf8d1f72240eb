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
  // What the program does is not known; the configuration may promise that it only looks.
  touch: ({ touch }) => touch,
  cost: "moderate",
  disturbs: ["data", "load"],
  sensitiveTo: ["load", "availability", "data"],
  judgedBy: "itself",
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
  return judge(await untilEnded(context, configuration), configuration);
}

/** Starts it unless it was started before, then waits for the end. */
async function untilEnded(
  context: CheckContext,
  configuration: CommandConfiguration,
): Promise<CheckProcess> {
  let pause = fastPollMs;
  let started = false;
  for (;;) {
    if (context.signal.aborted) await stop(context);
    context.signal.throwIfAborted();
    // Asked first: after a crash the credential in its environment would be another one.
    const seen = await observe(context);
    if (seen?.state === "unknown") throw lost(context.run);
    if (seen?.state === "absent") {
      if (started) throw lost(context.run);
      started = await start(context, configuration);
      continue;
    }
    if (seen !== null) started = true;
    if (seen?.state === "finished") return seen;
    try {
      await sleep(pause, undefined, { signal: context.signal });
    } catch {
      // The signal: the next turn stops the run and throws.
    }
    pause = Math.min(slowPollMs, pause * 1.5);
  }
}

/** False when the agent went away before it answered: whether it was started is found by asking again. */
async function start(context: CheckContext, configuration: CommandConfiguration): Promise<boolean> {
  try {
    await context.agent.call("check.start", {
      fence: context.fence,
      run: context.run,
      argv: [...configuration.command],
      env: { ...configuration.env, ...variablesFor(context) },
      tree: configuration.in === "release" ? context.tree : null,
      timeoutMs: context.timeoutMs,
      outputBytes,
    });
    return true;
  } catch (error) {
    // It was started before, and whoever watched over it is gone.
    if (error instanceof TidelockError && error.code === "conflict") throw lost(context.run);
    if (error instanceof TidelockError && error.code === "unavailable") return false;
    throw error;
  }
}

function lost(run: string): TidelockError {
  return new TidelockError("failed", "the program's end was not seen, so its outcome is lost", {
    retryable: true,
    where: run,
    hint: "`retries: 1` runs it again by itself",
  });
}

/** Null while the agent is away for a moment (it is being replaced): it is asked again. */
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
