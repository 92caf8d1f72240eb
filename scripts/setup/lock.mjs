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

function alive(holder) {
  const [pid, started] = holder.split(" ");
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  return !started || startTime(pid) === started;
}

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

/** Runs `work` while no other process does; two `npm start` at once install once. */
export async function withLock(file, say, work) {
  mkdirSync(dirname(file), { recursive: true });
  const me = `${process.pid} ${startTime(process.pid)}`.trim();
  const deadline = Date.now() + giveUpMs;
  let told = false;
  while (!acquire(file, me)) {
    const holder = read(file);
    if (holder !== null && !alive(holder)) {
      breakStale(file, holder);
      continue;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `another setup (process ${holder}) holds ${file} for too long; end it, or delete the file.`,
      );
    }
    if (!told && holder !== null)
      say(`waiting for another setup (process ${holder.split(" ")[0]})`);
    told = true;
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
