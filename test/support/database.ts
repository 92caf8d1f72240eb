import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import pg from "pg";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { openEmbedded } from "../../src/store/embedded/embedded-postgres.ts";
import { migrate } from "../../src/store/migrate.ts";
import { EntryMarks, markWith } from "../../src/store/queries/ledger-marks.ts";
import type { Db } from "../../src/store/schema.ts";
import { eventually } from "./child.ts";
import { testClusterVariable } from "./global-setup.ts";

/**
 * A fresh, empty PostgreSQL database for one test file, on the one server that the whole test run shares
 * (real fsync, started by the first file that asks, removed by the global setup at the end).
 *
 *     const database = await createTestDatabase();
 *     afterAll(() => database.drop());
 */
export interface TestDatabase {
  readonly databaseUrl: string;
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  return await createFrom("template1");
}

/**
 * The same with every migration of the repository applied; made from a template, so it costs one
 * file copy. `open` gives a database that is closed and dropped with `close`.
 */
export async function createMigratedDatabase<Schema>(): Promise<
  Database<Schema> & { readonly databaseUrl: string }
> {
  const template = await ensureTemplate();
  const fresh = await createFrom(template);
  const opened = await openMarked<Schema>(fresh.databaseUrl);
  return {
    ...opened,
    databaseUrl: fresh.databaseUrl,
    close: async () => {
      await opened.close();
      await fresh.drop();
    },
  };
}

/** A copy of a database to which nobody is connected: a prepared state, many times over. */
export async function copyDatabase<Schema>(
  databaseUrl: string,
): Promise<Database<Schema> & { readonly databaseUrl: string }> {
  const fresh = await createFrom(new URL(databaseUrl).pathname.slice(1));
  const opened = await openMarked<Schema>(fresh.databaseUrl);
  return {
    ...opened,
    databaseUrl: fresh.databaseUrl,
    close: async () => {
      await opened.close();
      await fresh.drop();
    },
  };
}

/** What a server has in `server/ledger.key`; the same in every process of a test. */
export const testMaster = Buffer.alloc(32, 7);

/** As a server has it that knows the key of its ledger. */
async function openMarked<Schema>(databaseUrl: string): Promise<Database<Schema>> {
  const opened = await openDatabase<Schema>({ databaseUrl });
  markWith(opened.db as unknown as Db, new EntryMarks(testMaster));
  return opened;
}

async function createFrom(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  const server = await testServer();
  await withClient(server, (client) =>
    client.query(`create database ${name} template ${template}`),
  );
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    databaseUrl: url.href,
    drop: async () => {
      await withClient(server, (client) => dropDatabase(client, name));
    },
  };
}

/** An autovacuum worker belongs to a superuser, and we may not end it: it leaves by itself in a moment. */
async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(`drop database if exists ${name} with (force)`);
      return;
    } catch (error) {
      const mayNotEnd = (error as { code?: unknown }).code === "42501";
      if (!mayNotEnd || attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The template of this run; the first file makes it, under a lock that ends with its connection. */
async function ensureTemplate(): Promise<string> {
  const name = "migrated";
  const server = await testServer();
  await withClient(server, async (client) => {
    await client.query("select pg_advisory_lock(1)");
    const found = await client.query("select from pg_database where datname = $1", [name]);
    if (found.rowCount !== 0) return;
    await client.query(`drop database if exists ${name}_unfinished with (force)`);
    await client.query(`create database ${name}_unfinished`);
    const url = new URL(server);
    url.pathname = `/${name}_unfinished`;
    const unfinished = await openDatabase({ databaseUrl: url.href });
    await migrate(unfinished.pool, { programVersion: "9999.0.0" });
    await unfinished.close();
    await disconnected(client, `${name}_unfinished`);
    await client.query(`alter database ${name}_unfinished rename to ${name}`);
  });
  return name;
}

/** A closed pool's connections end a moment later, and nobody may be connected to what is renamed. */
async function disconnected(client: pg.Client, database: string): Promise<void> {
  await eventually(`nobody uses ${database}`, async () => {
    const sql = "select from pg_stat_activity where datname = $1";
    return (await client.query(sql, [database])).rowCount === 0;
  });
}

let server: Promise<string> | undefined;

/** Joins the run's shared server and never leaves it: the global setup stops it when all is done. */
function testServer(): Promise<string> {
  server ??= (async () => {
    const folder = process.env[testClusterVariable];
    if (!folder) throw new Error("test/support/global-setup.ts is not part of the vitest setup");
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const embedded = await openEmbedded(folder);
    return embedded.connectionString;
  })();
  return server;
}

async function withClient<T>(url: string, body: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await body(client);
  } finally {
    await client.end();
  }
}
