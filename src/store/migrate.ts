import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type pg from "pg";
import { TidelockError } from "../model/errors.ts";
import { compareVersions } from "./version.ts";

/**
 * Migrations are plain SQL files `NNNN-name.sql`. Each runs in one transaction with the row that records
 * it, so a kill leaves it whole or not at all, and any number of servers may start at once.
 *
 * Expand, then contract one release later: a file may begin with `-- minimum-program-version: 1.4.0`,
 * which says that programs older than that no longer work on the schema from here on. Without the line
 * every program that knew the schema before goes on working.
 */
interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
  readonly minimumProgramVersion: string;
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
  readonly minimum_program_version: string;
}

export interface MigrateOptions {
  /** This program's version. */
  readonly programVersion: string;
  /** Default: the folder beside this module, in the repository as in the package. */
  readonly directory?: URL;
}

/** Any number that nobody else uses for an advisory lock in this database ("tide" in ASCII). */
const lockKey = 0x74696465;

/**
 * Brings the schema up to this program. A newer schema is fine as long as it still allows this program.
 *
 * @returns the names of the files that were applied now
 * @throws TidelockError `incompatible`: this program is older than the schema's minimum, or a file was
 *   changed after it had been applied; `failed`: a file did not run, and nothing of it is left
 */
export async function migrate(pool: pg.Pool, options: MigrateOptions): Promise<readonly string[]> {
  const directory = options.directory ?? new URL("./migrations/", import.meta.url);
  const migrations = await readMigrations(directory);
  const done: string[] = [];
  for (;;) {
    const name = await transaction(pool, (client) => applyNext(client, migrations, options));
    if (name === undefined) return done;
    done.push(name);
  }
}

async function applyNext(
  client: pg.PoolClient,
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<string | undefined> {
  await client.query("select pg_advisory_xact_lock($1)", [lockKey]);
  await client.query(
    `create table if not exists schema_migrations (
       number integer primary key,
       name text not null,
       checksum text not null,
       minimum_program_version text not null,
       program_version text not null,
       applied_at timestamptz not null default now())`,
  );
  const { rows } = await client.query<Applied>(
    "select number, name, checksum, minimum_program_version from schema_migrations order by number",
  );
  refuseOlderProgram(rows, options.programVersion);
  refuseChangedFiles(rows, migrations);
  const next = migrations.find((each) => !rows.some((row) => row.number === each.number));
  if (!next) return undefined;
  refuseOutOfOrder(rows, next);
  await run(client, next);
  await client.query(
    `insert into schema_migrations (number, name, checksum, minimum_program_version, program_version)
     values ($1, $2, $3, $4, $5)`,
    [next.number, next.name, next.checksum, next.minimumProgramVersion, options.programVersion],
  );
  return next.name;
}

async function run(client: pg.PoolClient, migration: Migration): Promise<void> {
  try {
    await client.query(migration.sql);
  } catch (cause) {
    const { message, position } = cause as { message: string; position?: string };
    const line = migration.sql.slice(0, Number(position ?? 0)).split("\n").length;
    throw new TidelockError("failed", `the migration ${migration.name} did not run: ${message}`, {
      fault: "bug",
      where: position ? `${migration.name}:${line}` : migration.name,
      hint: "nothing of it was kept; the program before this one still works on this database",
      cause,
    });
  }
}

function refuseOlderProgram(rows: readonly Applied[], programVersion: string): void {
  for (const row of rows) {
    if (compareVersions(programVersion, row.minimum_program_version) >= 0) continue;
    throw new TidelockError(
      "incompatible",
      `this is tidelock ${programVersion}; the database has been moved on and needs ${row.minimum_program_version} or newer`,
      { fault: "operator", where: row.name, hint: "start the newer program" },
    );
  }
}

function refuseChangedFiles(rows: readonly Applied[], migrations: readonly Migration[]): void {
  for (const row of rows) {
    const file = migrations.find((each) => each.number === row.number);
    if (!file || file.checksum === row.checksum) continue;
    throw new TidelockError(
      "incompatible",
      `the migration ${file.name} is not the one that this database was made with (${row.name})`,
      {
        fault: "operator",
        where: file.name,
        hint: "this program and this database come from different lines of development",
      },
    );
  }
}

function refuseOutOfOrder(rows: readonly Applied[], next: Migration): void {
  const newest = rows.at(-1);
  if (!newest || newest.number < next.number) return;
  throw new TidelockError(
    "incompatible",
    `the migration ${next.name} comes before ${newest.name}, which this database already has`,
    {
      fault: "operator",
      where: next.name,
      hint: "this program and this database come from different lines of development",
    },
  );
}

async function readMigrations(directory: URL): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  const migrations: Migration[] = [];
  for (const name of names) {
    const number = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1]);
    if (Number.isNaN(number) || migrations.at(-1)?.number === number) {
      throw new TidelockError(
        "internal",
        `the migration ${name} needs a name NNNN-words.sql of its own`,
        {
          fault: "bug",
          where: name,
        },
      );
    }
    const sql = await readFile(new URL(name, directory), "utf8");
    const minimum = /^-- minimum-program-version: (\S+)$/m.exec(sql)?.[1];
    migrations.push({
      number,
      name,
      sql,
      checksum: createHash("sha256").update(sql).digest("hex"),
      minimumProgramVersion: minimum ?? "0.0.0",
    });
  }
  return migrations;
}

/** Without the session's statement timeout: building an index may take its time. Waiting for a lock may not. */
async function transaction<T>(
  pool: pg.Pool,
  body: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("set local statement_timeout = 0");
    const result = await body(client);
    await client.query("commit");
    client.release();
    return result;
  } catch (error) {
    // Ends the connection, and with it the transaction, even where a rollback would not get through.
    client.release(true);
    throw error;
  }
}
