import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../model/errors.ts";
import type { CheckContext } from "../ports/check.ts";

const pollMs = 100;
const readyMs = 60_000;

/**
 * Has the agent start the tested instances again in place, with empty state, and waits until they are ready.
 * What two checks of one colour do to its data then stays between them and their own instances.
 *
 * @returns where the instances answer now: the same addresses, unless somebody took a port meanwhile
 * @throws TidelockError `unsupported` where no agent of this machine runs them; `failed` (retryable) when they do not come back
 */
export async function resetInstances(context: CheckContext): Promise<readonly string[]> {
  const { slot, agent, fence, run, instances } = context;
  if (slot === null) {
    throw new TidelockError("unsupported", "there is no deployed colour to start anew", {
      fault: "operator",
      where: "with.reset",
      hint: "use `reset` with checks of what is deployed",
    });
  }
  const ports = new Set(instances.map((origin) => Number(new URL(origin).port)));
  const before = await agent.call("slot.observe", { slot });
  const tested = new Set(
    before.instances.filter(({ port }) => port !== null && ports.has(port)).map(({ id }) => id),
  );
  await agent.call("slot.reset", {
    fence,
    operation: `${run}/reset/${randomUUID()}`.slice(-200),
    slot,
  });
  const ends = performance.now() + readyMs;
  for (;;) {
    const seen = await agent.call("slot.observe", { slot });
    if (seen.state === "ready") {
      return seen.instances
        .filter(({ id, port }) => tested.has(id) && port !== null)
        .map(({ host, port }) => `http://${host.includes(":") ? `[${host}]` : host}:${port}`);
    }
    if (seen.state === "failed" || performance.now() > ends) {
      throw new TidelockError(
        "failed",
        `the instances did not come back with empty state: ${seen.message}`,
        {
          retryable: true,
          where: "with.reset",
        },
      );
    }
    await sleep(pollMs, undefined, { signal: context.signal });
  }
}
