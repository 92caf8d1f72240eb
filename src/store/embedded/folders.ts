import { chmodSync, chownSync, lstatSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import { layout, socketPath } from "../../model/layout.ts";
import type { Account } from "./account.ts";

/** The folders of the embedded database; see `Layout`. Only `data`, `run` and `log` are PostgreSQL's own. */
export interface Folders {
  /** `postgres/`: ours, passable by the database's group only. */
  readonly cluster: string;
  /** PGDATA; it appears whole, by a rename. */
  readonly data: string;
  /** Holds the socket. Beside the data, or in the run directory when that path is too long. */
  readonly run: string;
  readonly log: string;
  /** One file for each server process that uses the database. */
  readonly references: string;
  /** Guards start, stop and the references. */
  readonly lock: string;
  /** Staged programs, when those in node_modules cannot be reached. */
  readonly runtime: string;
  readonly credentials: string;
}

/** PostgreSQL names its socket after a port, even where it listens on none. */
export const socketPort = 5432;

export function folders(dataDir: string): Folders {
  const paths = layout(dataDir);
  const cluster = paths.postgres;
  return {
    cluster,
    data: join(cluster, "data"),
    run: dirname(socketPath(join(cluster, "run"), `.s.PGSQL.${socketPort}.lock`)),
    log: join(cluster, "log"),
    references: join(cluster, "references"),
    lock: join(cluster, "lock"),
    runtime: join(paths.root, "runtime"),
    credentials: join(paths.server, "database.json"),
  };
}

/** Makes the folders with their owners and modes; run again, it repairs them. */
export function prepareFolders(where: Folders, account: Account): void {
  mkdirSync(dirname(where.credentials), { recursive: true, mode: 0o700 });
  mkdirSync(where.cluster, { recursive: true, mode: 0o700 });
  if (account.kind === "private") {
    giveGroup(where.cluster, account.gid);
    chmodSync(where.cluster, 0o710);
  }
  mkdirSync(where.references, { recursive: true, mode: 0o700 });
  for (const own of [where.log, where.run]) ownFolder(own, account);
}

/** The first use of another id: a root that is alone in its container learns it here. */
function giveGroup(folder: string, gid: number): void {
  try {
    chownSync(folder, 0, gid);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EINVAL" && code !== "EPERM") throw cause;
    throw new TidelockError(
      "unsupported",
      "PostgreSQL never runs as root, and this root may not use another user id",
      {
        fault: "operator",
        where: folder,
        hint: "start tidelock as an ordinary user, give the container more user ids, or set DATABASE_URL",
        cause,
      },
    );
  }
}

/** A folder for PostgreSQL alone. One in a shared place may have been put there by somebody else. */
function ownFolder(folder: string, account: Account): void {
  const uid = account.kind === "private" ? account.uid : process.getuid?.();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const status = lstatSync(folder);
  if (!status.isDirectory() || (status.uid !== uid && status.uid !== process.getuid?.())) {
    throw new TidelockError("forbidden", `${folder} belongs to somebody else`, {
      fault: "operator",
      where: folder,
      hint: "remove it, or choose another data directory",
    });
  }
  if (account.kind === "private") chownSync(folder, account.uid, account.gid);
  chmodSync(folder, 0o700);
}
