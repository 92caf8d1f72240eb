import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../model/errors.ts";
import type { CheckContext } from "../ports/check.ts";
import type { CheckProcess, Params } from "../ports/host-agent.ts";
import { readWhole } from "./agent-output.ts";

/** What to run; who runs it, for whom and for how long is the context's. */
export type Program = Pick<Params<"check.start">, "argv" | "env" | "tree" | "outputBytes">;

const fastPollMs = 50;
const slowPollMs = 1_000;

/**
 * Runs a program under the check user, through the agent: starts it unless it was started before, then
 * waits for the end, and reads what it wrote up to `outputBytes`. The run id makes it the same run after a crash of the server.
 *
 * @param program asked for only when it has to be started: after a crash a credential in it would be another
 * @throws TidelockError `failed` (retryable) when its end was not seen
 */
export async function untilEnded(
  context: CheckContext,
  program: () => Program,
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
      started = await start(context, program());
      continue;
    }
    if (seen !== null) started = true;
    if (seen?.state === "finished") return seen.kept?.more ? await readWhole(context, seen) : seen;
    try {
      await sleep(pause, undefined, { signal: context.signal });
    } catch {
      // The signal: the next turn stops the run and throws.
    }
    pause = Math.min(slowPollMs, pause * 1.5);
  }
}

/** False when the agent went away before it answered: whether it was started is found by asking again. */
async function start(context: CheckContext, program: Program): Promise<boolean> {
  try {
    await context.agent.call("check.start", {
      fence: context.fence,
      run: context.run,
      ...program,
      timeoutMs: context.timeoutMs,
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
