import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { stopEmbedded } from "../../src/store/embedded/embedded-postgres.ts";
import { identifyProcess, ownIdentity } from "../../src/store/process-identity.ts";

/** Names the data directory of the run's shared database server; test/support/database.ts fills it. */
export const testClusterVariable = "TIDELOCK_TEST_CLUSTER";

/** A short path that every user may pass, whatever TMPDIR says: the database runs under a user of its own. */
const parent = "/tmp";
const prefix = "tidelock-test-";

/** Vitest's global setup: nothing is started here; what the tests started is stopped and removed here. */
export async function setup(): Promise<() => Promise<void>> {
  await sweepKilledRuns();
  const own = ownIdentity();
  const suffix = randomBytes(3).toString("hex");
  const folder = join(
    parent,
    `${prefix}${own.pid}-${own.startTime.replaceAll(/\W/g, "")}-${suffix}`,
  );
  process.env[testClusterVariable] = folder;
  return async () => {
    await remove(folder);
  };
}

async function sweepKilledRuns(): Promise<void> {
  for (const name of readdirSync(parent)) {
    const [, pid, startTime] = /^tidelock-test-(\d+)-(\w+)-\w+$/.exec(name) ?? [];
    if (pid === undefined) continue;
    const running = identifyProcess(Number(pid))?.startTime.replaceAll(/\W/g, "");
    if (running === startTime) continue;
    // Another user's leftovers are theirs to sweep.
    await remove(join(parent, name)).catch(() => undefined);
  }
}

async function remove(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  await stopEmbedded(folder, { evenIfUsed: true });
  rmSync(folder, { recursive: true, force: true });
}
