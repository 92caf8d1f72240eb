import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ProcessIdentity } from "../os/identity.ts";
import { freeDisk } from "./disk.ts";
import { resumeProcesses } from "./injure.ts";

/**
 * `node keeper.ts <settings as JSON>`: waits, then undoes one fault. A process of its own, so that what was
 * stopped goes on in time although agent and server were killed meanwhile. The agent ends it when it has
 * undone the fault itself; that both do it harms nothing.
 */
export const KeeperSettings = z.strictObject({
  agentId: z.string(),
  afterMs: z.int().nonnegative(),
  targets: z.array(z.strictObject({ name: z.string(), id: z.string(), identity: ProcessIdentity })),
  disk: z.strictObject({ path: z.string(), bytes: z.int() }).nullable(),
});
export type KeeperSettings = z.infer<typeof KeeperSettings>;

async function main(argument: string): Promise<void> {
  const { agentId, afterMs, targets, disk } = KeeperSettings.parse(JSON.parse(argument));
  await sleep(afterMs);
  // Whatever keeps one of them must not keep the other.
  await resumeProcesses(agentId, targets).catch(() => false);
  if (disk !== null) freeDisk(disk.path, disk.bytes);
}

process.on("SIGHUP", () => undefined);
process.on("SIGPIPE", () => undefined);
const [, program = "", argument] = process.argv;
if (/[\\/]keeper\.[jt]s$/.test(program) && argument !== undefined) await main(argument);
