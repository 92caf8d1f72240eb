import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const giveUpMs = 15 * 60_000;

/** When the process started, so that a pid used again by the system is told apart. Empty where unknown. */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc(5): the name in parentheses may hold spaces; start time is field 22, the 20th after it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] || "";
  } catch {
    return "";
  }
}

function processAlive(pid, started) {
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  return startTime(pid) === started;
}

/**
 * A holder is "pid:start" of the setup, and of the npm that it runs: npm goes on when only the setup is
 * killed, and two of them in one node_modules break each other.
 */
function alive(holder) {
  return holder.split(" ").some((one) => processAlive(...one.split(":")));
}

const pidOf = (holder) => holder.split(":")[0];
const identity = (pid) => `${pid}:${startTime(pid)}`;

function read(file) {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return null;
  }
}

/** True when this call made the lock. A link appears with its content or not at all. */
function acquire(file, me) {
  const mine = `${file}.${randomUUID()}`;
  writeFileSync(mine, me);
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Takes a dead holder's lock away; when somebody was quicker and we took a living one, puts it back. */
function breakStale(file, dead) {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (read(aside) !== dead) linkSync(aside, file);
  } catch {
    // Somebody else took it first: the next round sees what is there.
  } finally {
    rmSync(aside, { force: true });
  }
}

/**
 * Runs `work` while no other process does; two `npm start` at once install once. `work` gets a function
 * that names a child process which must have ended too before somebody else may take the lock.
 */
export async function withLock(file, say, work) {
  mkdirSync(dirname(file), { recursive: true });
  const me = identity(process.pid);
  const deadline = Date.now() + giveUpMs;
  let told = false;
  while (!acquire(file, me)) {
    const holder = read(file);
    if (holder && !alive(holder)) {
      breakStale(file, holder);
      continue;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `another setup (process ${pidOf(holder)}) holds ${file} for too long; end it, or delete the file.`,
      );
    }
    if (!told && holder) say(`waiting for another setup (process ${pidOf(holder)})`);
    told = true;
    await sleep(100);
  }
  try {
    return await work((childPid) => writeFileSync(file, `${me} ${identity(childPid)}`));
  } finally {
    rmSync(file, { force: true });
  }
}
