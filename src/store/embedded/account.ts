import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { TidelockError } from "../../model/errors.ts";

/**
 * PostgreSQL refuses to run as root. As an ordinary user it runs as that user; as root it runs under a
 * numeric user id of its own that has no entry in /etc/passwd: nothing is added to the system, and no
 * other program runs under that id. The owner of the data directory remembers the choice.
 */
export type Account =
  | { readonly kind: "self" }
  | { readonly kind: "private"; readonly uid: number; readonly gid: number };

/**
 * One of the two small ranges that systemd's page "Users, Groups, UIDs and GIDs" lists as unused by
 * everybody (the host agent takes the other); it fits into the 65,536 ids of a rootless container.
 */
const firstUid = 60_578;
const uids = 128;

/** @param data the database's own folder; it need not exist yet */
export function chooseAccount(data: string): Account {
  if (process.getuid?.() !== 0) return { kind: "self" };
  const owner = statSync(data, { throwIfNoEntry: false })?.uid;
  if (owner === 0) {
    throw new TidelockError("invalid-input", "the embedded database's folder belongs to root", {
      fault: "operator",
      where: data,
      hint: "PostgreSQL never runs as root: give the folder back to the user id it had",
    });
  }
  const uid = owner ?? freeUid(data);
  return { kind: "private", uid, gid: uid };
}

/** What `spawn` needs to start a program under this account; libuv drops the other groups as well. */
export function spawnIdentity(account: Account): { uid?: number; gid?: number } {
  return account.kind === "self" ? {} : { uid: account.uid, gid: account.gid };
}

/** The first folder on the way to `path` that the account may not pass, or undefined when all is open. */
export function barrier(path: string, account: Account): string | undefined {
  if (account.kind === "self") return undefined;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const status = statSync(folder, { throwIfNoEntry: false });
    if (status) {
      const passable =
        (status.mode & 0o001) !== 0 ||
        (status.uid === account.uid && (status.mode & 0o100) !== 0) ||
        (status.gid === account.gid && (status.mode & 0o010) !== 0);
      if (!passable) return folder;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * initdb insists on a passwd entry, so it runs once as `nobody`, but with the private group: the folder
 * above lets only that group pass and the kernel lets only processes of that group trace it, so other
 * programs that run as `nobody` cannot reach what it writes. Afterwards the files change their owner.
 */
export function initialAccount(account: Account): Account {
  if (account.kind === "self") return account;
  const users = passwd();
  const helper = ["nobody", "postgres", "daemon"].find((name) => users.byName.has(name));
  const uid = helper === undefined ? undefined : users.byName.get(helper);
  if (uid === undefined || uid === 0) {
    throw new TidelockError("unsupported", "no unprivileged user to prepare the database as", {
      where: "/etc/passwd",
      hint: "start tidelock as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own",
    });
  }
  return { kind: "private", uid, gid: account.gid };
}

function freeUid(seed: string): number {
  const taken = new Set([...passwd().uids, ...runningUids()]);
  const start = createHash("sha256").update(seed).digest().readUInt32BE(0);
  for (let step = 0; step < uids; step++) {
    const uid = firstUid + ((start + step) % uids);
    if (!taken.has(uid)) return uid;
  }
  throw new TidelockError("unsupported", "every user id between 60578 and 60705 is taken", {
    hint: "start tidelock as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own",
  });
}

/** Users of running processes: other data directories' databases, for whom no user database speaks. */
function runningUids(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statSync(`/proc/${name}`, { throwIfNoEntry: false })?.uid ?? 0);
}

function passwd(): { byName: Map<string, number>; uids: Set<number> } {
  const byName = new Map<string, number>();
  const uids = new Set<number>();
  for (const file of ["passwd", "group"]) {
    for (const line of readLines(join("/etc", file))) {
      const [name, , id] = line.split(":");
      if (name === undefined || id === undefined) continue;
      uids.add(Number(id));
      if (file === "passwd") byName.set(name, Number(id));
    }
  }
  return { byName, uids };
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}
