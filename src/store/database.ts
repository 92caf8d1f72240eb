import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { TidelockError } from "../model/errors.ts";
import { type Embedded, openEmbedded } from "./embedded/embedded-postgres.ts";
import { preparingPool } from "./prepared.ts";
import { checkServer } from "./server-settings.ts";

/** Where the database is: a data directory's own PostgreSQL, or one that somebody else runs. */
export type DatabaseLocation = { readonly dataDir: string } | { readonly databaseUrl: string };

export interface DatabaseOptions {
  /** Shown in `pg_stat_activity`. Default `tidelock`. */
  readonly applicationName?: string;
  /** Connections at most. Default 20. */
  readonly maxConnections?: number;
  /** A statement that runs longer is cancelled by the server. Milliseconds, default 30,000. */
  readonly statementTimeoutMs?: number;
  /** What happens in the background: an idle connection lost, the embedded database started again. */
  readonly onNotice?: (message: string) => void;
}

/** An open database; `Schema` is the engine's map of tables. */
export interface Database<Schema> {
  readonly kind: "embedded" | "external";
  readonly db: Kysely<Schema>;
  readonly pool: pg.Pool;
  /** For libraries that open their own connections. It holds the password: never print it. */
  readonly connectionString: string;
  /** True when an embedded database was already running. */
  readonly adopted: boolean;
  /** Ends the connections and leaves the embedded database (the last one to leave stops it). */
  close(): Promise<void>;
}

const watchIntervalMs = 2_000;
/** Ending waits this long for queries that still run. */
const closeLimitMs = 5_000;

/**
 * Opens the database and refuses one that could lose what it confirmed (law 1).
 *
 * A worker that is frozen inside a transaction loses it after `idle_in_transaction_session_timeout`, so
 * that its locks cannot hold up the worker that takes over.
 *
 * @throws TidelockError `unavailable`, `invalid-input` (URL, unsafe settings), `incompatible` (too old)
 */
export async function openDatabase<Schema>(
  location: DatabaseLocation,
  options: DatabaseOptions = {},
): Promise<Database<Schema>> {
  const embedded = "dataDir" in location ? await openEmbedded(location.dataDir) : undefined;
  const notice = options.onNotice ?? (() => undefined);
  const connectionString =
    "databaseUrl" in location ? parseUrl(location.databaseUrl) : (embedded?.connectionString ?? "");
  const pool = new pg.Pool({
    ...(embedded ? embedded.config : { connectionString }),
    application_name: options.applicationName ?? "tidelock",
    max: options.maxConnections ?? 20,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    lock_timeout: 15_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
  });
  pool.on("error", (error) => notice(`a database connection was lost: ${error.message}`));
  // `pool.end` resolves while connections still close; one that is cut off then must not end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const watch = embedded && watchEmbedded(embedded, notice);
  const close = async () => {
    clearInterval(watch);
    await Promise.race([pool.end(), delay(closeLimitMs)]);
    await embedded?.stop();
  };
  try {
    await checkServer(pool);
  } catch (error) {
    await close();
    throw error;
  }
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: preparingPool(pool) }) });
  return {
    kind: embedded ? "embedded" : "external",
    db,
    pool,
    connectionString,
    adopted: embedded?.adopted ?? false,
    close,
  };
}

/** A killed postmaster is started again by whichever server notices first. */
function watchEmbedded(embedded: Embedded, notice: (message: string) => void): NodeJS.Timeout {
  let busy = false;
  const look = async () => {
    if (busy) return;
    busy = true;
    try {
      const { restarted } = await embedded.ensureRunning();
      if (restarted) notice("the embedded database had died and was started again");
    } catch (error) {
      notice(`the embedded database does not start: ${String(error)}`);
    } finally {
      busy = false;
    }
  };
  return setInterval(() => void look(), watchIntervalMs).unref();
}

function parseUrl(text: string): string {
  const valid = URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol);
  if (valid) return text;
  // The text itself stays out of the message: it may hold a password.
  throw new TidelockError("invalid-input", "DATABASE_URL is not a PostgreSQL address", {
    fault: "operator",
    where: "DATABASE_URL",
    hint: "write postgresql://user:password@host:5432/database",
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
