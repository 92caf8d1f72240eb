import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { stopEmbedded } from "../../src/store/embedded/embedded-postgres.ts";
import { identifyProcess, ownIdentity } from "../../src/store/process-identity.ts";

/** Names the data directory of the run's shared database server; test/support/database.ts fills it. */
export const testClusterVariable = "TIDELOCK_TEST_CLUSTER";

/** Short paths that every user may pass, whatever TMPDIR says: the database runs under a user of its own. */
const onDisk = "/tmp";
const inMemory = "/dev/shm";
/** Free there before it is used: a run writes about a gigabyte. Bytes. */
const plenty = 4 * 2 ** 30;

/**
 * In memory where there is plenty of it: a commit waits for its fsync all the same, and gets it at once. What survives a
 * power cut is no test's matter here; what survives a kill does so in memory as well.
 */
function parent(): string {
  if (!existsSync(inMemory) || freemem() < plenty) return onDisk;
  const { bavail, bsize } = statfsSync(inMemory);
  return bavail * bsize < plenty ? onDisk : inMemory;
}
const prefix = "tidelock-test-";

/** Vitest's global setup: nothing is started here; what the tests started is stopped and removed here. */
export async function setup(): Promise<() => Promise<void>> {
  await sweepKilledRuns();
  const own = ownIdentity();
  const suffix = randomBytes(3).toString("hex");
  const folder = join(
    parent(),
    `${prefix}${own.pid}-${own.startTime.replaceAll(/\W/g, "")}-${suffix}`,
  );
  process.env[testClusterVariable] = folder;
  return async () => {
    await remove(folder);
  };
}

async function sweepKilledRuns(): Promise<void> {
  const parents = [onDisk, inMemory].filter((one) => existsSync(one));
  const found = parents.flatMap((one) => readdirSync(one).map((name) => [one, name] as const));
  for (const [where, name] of found) {
    const [, pid, startTime] = /^tidelock-test-(\d+)-(\w+)-\w+$/.exec(name) ?? [];
    if (pid === undefined) continue;
    const running = identifyProcess(Number(pid))?.startTime.replaceAll(/\W/g, "");
    if (running === startTime) continue;
    // Another user's leftovers are theirs to sweep.
    await remove(join(where, name)).catch(() => undefined);
  }
}

async function remove(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  await stopEmbedded(folder, { evenIfUsed: true });
  rmSync(folder, { recursive: true, force: true });
}
