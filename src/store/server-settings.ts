import type pg from "pg";
import { TidelockError } from "../model/errors.ts";

const oldestVersion = 150_000;

interface ServerSettings {
  readonly version: string;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly standby: boolean;
}

/** Why each must be on: what a crash would otherwise do. */
const durable = {
  fsync: "a power cut could lose or corrupt what was confirmed",
  full_page_writes: "a crash in the middle of a write could corrupt a page",
  synchronous_commit: "a crash could lose the last confirmed records",
} as const;

/**
 * Looks at what the server really does (its settings as this session sees them), not at a file.
 *
 * @throws TidelockError `unavailable`, `incompatible` (version), `invalid-input` (unsafe settings)
 */
export async function checkServer(pool: pg.Pool): Promise<void> {
  const settings = await readSettings(pool);
  if (Number(settings.version) < oldestVersion) {
    throw new TidelockError("incompatible", "this PostgreSQL is too old", {
      fault: "operator",
      hint: "use PostgreSQL 15 or newer, or leave DATABASE_URL out and use the embedded one",
    });
  }
  for (const [name, why] of Object.entries(durable)) {
    if (settings[name as keyof typeof durable] !== "off") continue;
    throw new TidelockError("invalid-input", `this PostgreSQL runs with ${name} = off: ${why}`, {
      fault: "operator",
      where: `PostgreSQL setting ${name}`,
      hint: `set ${name} = on in postgresql.conf (or for the role and database), reload, then start again`,
    });
  }
  if (settings.standby) {
    throw new TidelockError("invalid-input", "this PostgreSQL is a read-only standby", {
      fault: "operator",
      hint: "point DATABASE_URL at the primary",
    });
  }
}

async function readSettings(pool: pg.Pool): Promise<ServerSettings> {
  const settings = ["fsync", "full_page_writes", "synchronous_commit"]
    .map((name) => `current_setting('${name}') as ${name}`)
    .join(", ");
  try {
    const result = await pool.query<ServerSettings>(
      `select current_setting('server_version_num') as version, ${settings}, pg_is_in_recovery() as standby`,
    );
    const row = result.rows[0];
    if (!row) throw new Error("no answer");
    return row;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || String(codeOf(cause)) : String(cause);
    throw new TidelockError("unavailable", `the database does not answer: ${reason}`, {
      retryable: true,
      hint: "check DATABASE_URL and that the server runs, or leave it out to use the embedded one",
      cause,
    });
  }
}

/** A refused connection to several addresses is an AggregateError without a message. */
function codeOf(error: Error): unknown {
  return "code" in error ? error.code : error.name;
}
