import { readFileSync } from "node:fs";
import { link, readdir, rm, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import { errorCode } from "../os/durable.ts";
import { ProcessIdentity, identify, isAlive } from "../os/identity.ts";

const pattern = /^agent\.lock\.(\d+)$/;

/**
 * One agent per data directory. Locks are files `agent.lock.<n>`, made whole by link(2); the highest
 * number counts and belongs to the process named inside (boot, pid and start time, so that a reused pid
 * holds nothing). Taking over means to make the next number: of two that try, link(2) lets one through;
 * and whoever then sees a higher number has lost and withdraws.
 *
 * @returns what gives the lock back.
 * @throws TidelockError `conflict` while another living agent holds it.
 */
export async function lockAgent(directory: string): Promise<() => Promise<void>> {
  const own = identify(process.pid);
  if (own === null) throw new TidelockError("internal", "cannot read our own start time");
  const temporary = join(directory, `agent.lock.new-${randomBytes(6).toString("hex")}`);
  await writeFile(temporary, JSON.stringify(own), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const highest = await highestLock(directory);
      refuseIfHeld(directory, highest);
      const mine = highest + 1;
      const path = join(directory, `agent.lock.${mine}`);
      if (!(await linked(temporary, path))) continue;
      if ((await highestLock(directory)) > mine) {
        await rm(path, { force: true });
        continue;
      }
      await removeLower(directory, mine);
      return () => rm(path, { force: true });
    }
  } finally {
    await rm(temporary, { force: true });
  }
  throw new TidelockError("conflict", "could not take the agent's lock: many try at once", {
    where: directory,
    retryable: true,
  });
}

/** The living process that holds the lock; null when nobody does. */
export async function lockHolder(directory: string): Promise<ProcessIdentity | null> {
  return readHolder(directory, await highestLock(directory));
}

function refuseIfHeld(directory: string, number: number): void {
  const holder = readHolder(directory, number);
  if (holder === null) return;
  throw new TidelockError(
    "conflict",
    `another agent (pid ${holder.pid}) owns this data directory`,
    {
      where: directory,
      fault: "operator",
      hint: `stop it first (kill ${holder.pid}); its services go on`,
    },
  );
}

function readHolder(directory: string, number: number): ProcessIdentity | null {
  if (number === 0) return null;
  try {
    const text = readFileSync(join(directory, `agent.lock.${number}`), "utf8");
    const holder = ProcessIdentity.parse(JSON.parse(text));
    return isAlive(holder) ? holder : null;
  } catch {
    // Gone in between, or a disk that lost its content: nobody that lives has such a lock.
    return null;
  }
}

async function highestLock(directory: string): Promise<number> {
  const numbers = (await readdir(directory)).map((name) => Number(pattern.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function removeLower(directory: string, than: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const number = Number(pattern.exec(name)?.[1] ?? 0);
    if (number > 0 && number < than) await rm(join(directory, name), { force: true });
  }
}
