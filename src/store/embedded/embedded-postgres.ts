import { chmodSync, existsSync, mkdirSync, realpathSync } from "node:fs";
import pg from "pg";
import { TidelockError } from "../../model/errors.ts";
import { withFileLock } from "../file-lock.ts";
import { isRunning, type ProcessIdentity } from "../process-identity.ts";
import { type Account, barrier, chooseAccount } from "./account.ts";
import { resolveBinaries } from "./binaries.ts";
import { ensureCluster } from "./cluster.ts";
import { type Credentials, loadCredentials } from "./credentials.ts";
import { type Folders, folders, prepareFolders, socketPort } from "./folders.ts";
import {
  awaitReady,
  findPostmaster,
  type Postmaster,
  startPostmaster,
  stopPostmaster,
} from "./postmaster.ts";
import { addReference, dropReference, liveReferences } from "./references.ts";

/** What `pg` needs to connect. */
export interface ConnectionConfig {
  /** The folder of the socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface Embedded {
  readonly config: ConnectionConfig;
  /** The same as a URL, for libraries that want one. It holds the password: never print it. */
  readonly connectionString: string;
  /** True when a running database was found and taken over. */
  readonly adopted: boolean;
  readonly postmaster: ProcessIdentity;
  /** Starts the database again when its process died; does nothing while it runs. */
  ensureRunning(): Promise<{ readonly restarted: boolean }>;
  /** Leaves the database; the last one to leave stops it. Twice is once. */
  stop(): Promise<void>;
}

/**
 * Opens the data directory's own PostgreSQL, private to it: it listens on one Unix socket in a 0700
 * folder, wants a random password (SCRAM), and runs in a session of its own.
 *
 *   no cluster ── initdb ──► stopped ── start ──► ready ◄── adopt ── ready, its starter dead or alive
 *                               ▲                   │
 *                               └── last one leaves ┘
 *
 * @throws TidelockError `unsupported` (platform), `invalid-input` (a place the database's user cannot
 *   reach), `incompatible` (another major version), `disk-full`, `unavailable`
 */
export async function openEmbedded(dataDir: string): Promise<Embedded> {
  if (mkdirSync(dataDir, { recursive: true }) !== undefined) chmodSync(dataDir, 0o755);
  const where = folders(realpathSync(dataDir));
  const account = chooseAccount(where.data);
  refuseUnreachable(where, account);
  prepareFolders(where, account);
  const opened = await withFileLock(where.lock, "starting the database", async () => {
    const credentials = loadCredentials(where.credentials);
    const reference = addReference(where.references);
    try {
      const started = await ensurePostmaster(where, account, credentials);
      await ensureDatabase(where, started.postmaster.socketFolder, credentials);
      return { ...started, credentials, reference };
    } catch (error) {
      dropReference(reference);
      throw error;
    }
  });
  return new OpenedEmbedded(where, account, opened);
}

/**
 * Stops the database of a data directory although nobody here opened it: for `down` and `uninstall`,
 * after a crash. While a live process uses it, it goes on and the answer names those processes, unless
 * `evenIfUsed` says otherwise.
 */
export async function stopEmbedded(
  dataDir: string,
  options: { readonly evenIfUsed?: boolean } = {},
): Promise<{ stopped: boolean; usedBy: number[] }> {
  if (!existsSync(dataDir)) return { stopped: false, usedBy: [] };
  const where = folders(realpathSync(dataDir));
  if (!existsSync(where.references)) return { stopped: false, usedBy: [] };
  return await withFileLock(where.lock, "stopping the database", async () => {
    const usedBy = liveReferences(where.references);
    const used = usedBy.length > 0 && options.evenIfUsed !== true;
    if (used || !findPostmaster(where)) return { stopped: false, usedBy };
    await stopPostmaster(where);
    return { stopped: true, usedBy };
  });
}

interface Opened {
  readonly postmaster: Postmaster;
  readonly adopted: boolean;
  readonly credentials: Credentials;
  readonly reference: string;
}

class OpenedEmbedded implements Embedded {
  readonly config: ConnectionConfig;
  readonly connectionString: string;
  readonly adopted: boolean;
  #postmaster: Postmaster;
  #stopped: Promise<void> | undefined;
  readonly #where: Folders;
  readonly #account: Account;
  readonly #opened: Opened;

  constructor(where: Folders, account: Account, opened: Opened) {
    const { user, password, database } = opened.credentials;
    this.#where = where;
    this.#account = account;
    this.#opened = opened;
    this.#postmaster = opened.postmaster;
    this.adopted = opened.adopted;
    const host = opened.postmaster.socketFolder;
    this.config = { host, port: socketPort, user, password, database };
    this.connectionString = connectionUrl(this.config);
  }

  get postmaster(): ProcessIdentity {
    return this.#postmaster.identity;
  }

  async ensureRunning(): Promise<{ restarted: boolean }> {
    if (this.#stopped || isRunning(this.#postmaster.identity)) return { restarted: false };
    return await withFileLock(this.#where.lock, "starting the database", async () => {
      const { credentials } = this.#opened;
      // At the same address as before: our connections know no other.
      const where = { ...this.#where, run: this.config.host };
      const started = await ensurePostmaster(where, this.#account, credentials);
      this.#postmaster = started.postmaster;
      return { restarted: !started.adopted };
    });
  }

  stop(): Promise<void> {
    this.#stopped ??= withFileLock(this.#where.lock, "stopping the database", async () => {
      dropReference(this.#opened.reference);
      if (liveReferences(this.#where.references).length === 0) await stopPostmaster(this.#where);
    });
    return this.#stopped;
  }
}

async function ensurePostmaster(
  where: Folders,
  account: Account,
  credentials: Credentials,
): Promise<{ postmaster: Postmaster; adopted: boolean }> {
  const running = findPostmaster(where) && (await awaitReady(where));
  if (running) return { postmaster: running, adopted: true };
  const binaries = await resolveBinaries(where.runtime, account);
  await ensureCluster(where, account, binaries, credentials);
  const postmaster = await startPostmaster(where, account, binaries);
  return { postmaster, adopted: false };
}

/** The work account and its database: made once, by the account that made the cluster. */
async function ensureDatabase(
  where: Folders,
  host: string,
  credentials: Credentials,
): Promise<void> {
  const { user, password, database, adminUser, adminPassword } = credentials;
  const place = { host, port: socketPort, connectionTimeoutMillis: 30_000 };
  const probe = new pg.Client({ ...place, user, password, database });
  try {
    await probe.connect();
    return;
  } catch (error) {
    // Wrong password or role (28P01, 28000), no such database (3D000): not made yet.
    const code = (error as { code?: string }).code ?? "";
    if (!["28P01", "28000", "3D000"].includes(code)) throw error;
  } finally {
    await probe.end().catch(() => undefined);
  }
  const admin = new pg.Client({
    ...place,
    user: adminUser,
    password: adminPassword,
    database: "postgres",
  });
  try {
    await admin.connect();
    const role = pg.escapeIdentifier(user);
    const roles = await admin.query("select from pg_roles where rolname = $1", [user]);
    const verb = roles.rowCount === 0 ? "create" : "alter";
    await admin.query(`${verb} role ${role} login createdb password ${pg.escapeLiteral(password)}`);
    const found = await admin.query("select from pg_database where datname = $1", [database]);
    if (found.rowCount === 0) {
      await admin.query(`create database ${pg.escapeIdentifier(database)} owner ${role}`);
    }
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code !== "28P01") throw error;
    throw new TidelockError("forbidden", "the embedded database refuses the stored password", {
      fault: "operator",
      where: where.credentials,
      hint: "the file does not belong to this database: restore the one from the same backup",
    });
  } finally {
    await admin.end().catch(() => undefined);
  }
}

function refuseUnreachable(where: Folders, account: Account): void {
  const closed = barrier(where.cluster, account);
  if (closed === undefined) return;
  throw new TidelockError(
    "invalid-input",
    `the embedded database cannot live below ${closed}: as root it runs under an unprivileged user id, which may not pass that folder`,
    {
      fault: "operator",
      where: where.cluster,
      hint: "use --data-dir /var/lib/tidelock (or another path that every user may pass), or set DATABASE_URL",
    },
  );
}

function connectionUrl(config: ConnectionConfig): string {
  const part = encodeURIComponent;
  return `postgresql://${part(config.user)}:${part(config.password)}@localhost/${part(config.database)}?host=${part(config.host)}&port=${config.port}`;
}
