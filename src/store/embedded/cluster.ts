import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, chown, lchown, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { TidelockError } from "../../model/errors.ts";
import { syncFolder } from "../durable-file.ts";
import { type Account, initialAccount, spawnIdentity } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import type { Credentials } from "./credentials.ts";
import type { Folders } from "./folders.ts";

const run = promisify(execFile);
const majorVersion = "18";

/** What PostgreSQL's programs see of our environment: nothing that could change what they do. */
export const programEnvironment = { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" };

/** An `initdb` whose server was killed goes on for a moment, and makes files in what is being removed. */
const removal = { recursive: true, force: true, maxRetries: 50, retryDelay: 100 } as const;

/**
 * Makes the database cluster unless it is there. It is made beside its final place and renamed, so a
 * kill in the middle leaves nothing that looks like a database. Called under the database's lock.
 */
export async function ensureCluster(
  where: Folders,
  account: Account,
  binaries: Binaries,
  credentials: Credentials,
): Promise<void> {
  await sweepUnfinished(where.cluster);
  if (existsSync(join(where.data, "PG_VERSION"))) {
    refuseOtherVersion(where.data);
    return;
  }
  const workshop = join(where.cluster, `init-${randomUUID()}`);
  const data = join(workshop, "data");
  const helper = initialAccount(account);
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    const passwordFile = join(workshop, "password");
    await writeFile(passwordFile, credentials.adminPassword, { mode: 0o600, flag: "wx" });
    if (helper.kind === "private") {
      for (const path of [workshop, data, passwordFile]) await chown(path, helper.uid, helper.gid);
    }
    await initialise(binaries.initdb, data, passwordFile, helper, credentials);
    await rm(passwordFile);
    if (account.kind === "private") await giveTo(data, account);
    await rename(data, where.data);
    syncFolder(where.cluster);
  } finally {
    await rm(workshop, removal);
  }
}

async function initialise(
  initdb: string,
  data: string,
  passwordFile: string,
  helper: Account,
  credentials: Credentials,
): Promise<void> {
  const options = [
    ["--pgdata", data],
    ["--username", credentials.adminUser],
    ["--pwfile", passwordFile],
    ["--auth", "scram-sha-256"],
    // Sorting and case must not depend on the machine's locales (and change when they are upgraded).
    ["--encoding", "UTF8"],
    ["--locale", "C"],
    ["--locale-provider", "builtin"],
    ["--builtin-locale", "C.UTF-8"],
    ["--data-checksums"],
    ["--no-instructions"],
  ].flat();
  try {
    await run(initdb, options, {
      ...spawnIdentity(helper),
      cwd: data,
      env: programEnvironment,
      timeout: 300_000,
    });
  } catch (cause) {
    const output = (cause as { stderr?: string }).stderr?.trim().split("\n").slice(-5).join("; ");
    const full = output?.includes("No space left on device") === true;
    throw new TidelockError(
      full ? "disk-full" : "failed",
      `the embedded database could not be created: ${output || String(cause)}`,
      {
        where: data,
        hint: hintFor(output ?? ""),
        cause,
      },
    );
  }
}

/** What to do about the two things that a machine lacks now and then. */
function hintFor(output: string): string {
  if (output.includes("No space left on device")) return "free some disk space, then start again";
  if (output.includes("could not look up effective user ID")) {
    return "PostgreSQL runs only as a user that the system knows by name: add one for this user id (useradd, /etc/passwd), or set DATABASE_URL";
  }
  return "see the message";
}

function refuseOtherVersion(data: string): void {
  const version = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
  if (version === majorVersion) return;
  throw new TidelockError(
    "incompatible",
    `the data directory holds a PostgreSQL ${version} database; this program brings PostgreSQL ${majorVersion}`,
    {
      fault: "operator",
      where: data,
      hint: "start the program version that made it, or restore a backup into a new data directory",
    },
  );
}

async function giveTo(folder: string, account: { uid: number; gid: number }): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
  await lchown(folder, account.uid, account.gid);
  await chmod(folder, 0o700);
}

async function sweepUnfinished(cluster: string): Promise<void> {
  for (const name of await readdir(cluster)) {
    if (name.startsWith("init-")) await rm(join(cluster, name), removal);
  }
}
