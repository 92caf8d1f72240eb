import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/child.ts";
import { openDatabase } from "./database.ts";
import { checkServer } from "./server-settings.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.databaseUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}

describe("openDatabase", () => {
  it("opens a database with time limits and a name that the server shows", async () => {
    const opened = await openDatabase(database, { applicationName: "tidelock test" });
    const { rows } = await opened.pool.query(
      `select current_setting('application_name') as name, current_setting('statement_timeout') as statement,
              current_setting('idle_in_transaction_session_timeout') as idle`,
    );
    expect(rows).toEqual([{ name: "tidelock test", statement: "30s", idle: "30s" }]);
    expect(opened.kind).toBe("external");
    await opened.close();
  });

  it("refuses a database that may lose what it confirmed", async () => {
    const name = new URL(database.databaseUrl).pathname.slice(1);
    await administer(`alter database ${name} set synchronous_commit = off`);
    await expect(openDatabase(database)).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining("synchronous_commit = off") as string,
    });
    await administer(`alter database ${name} reset synchronous_commit`);
  });

  it.each(["fsync", "full_page_writes"])("refuses a server that runs without %s", async (name) => {
    const row = {
      version: "180000",
      fsync: "on",
      full_page_writes: "on",
      synchronous_commit: "on",
    };
    // These two are set for a whole server, so its answer is played here.
    const pool = { query: () => Promise.resolve({ rows: [{ ...row, [name]: "off" }] }) };
    await expect(checkServer(pool as unknown as pg.Pool)).rejects.toMatchObject({
      code: "invalid-input",
      where: `PostgreSQL setting ${name}`,
    });
  });

  it("says what is wrong with an address, and never shows its password", async () => {
    const secret = "hunter2-secret";
    for (const databaseUrl of [
      `postgres:/${secret}`,
      `mysql://u:${secret}@localhost/db`,
      `postgresql://u:${secret}@127.0.0.1:1/db`,
    ]) {
      const failure = await openDatabase({ databaseUrl }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "TidelockError" });
      expect(String(failure)).not.toContain(secret);
    }
  });

  it("goes on after the embedded database's own process was killed", async () => {
    const dataDir = mkdtempSync("/tmp/tidelock-database-");
    chmodSync(dataDir, 0o755);
    const notices: string[] = [];
    const opened = await openDatabase({ dataDir }, { onNotice: (text) => notices.push(text) });
    await opened.pool.query("create table t (x int); insert into t values (7)");
    const pidFile = join(dataDir, "postgres/data/postmaster.pid");
    process.kill(Number(readFileSync(pidFile, "utf8").split("\n")[0]), "SIGKILL");
    const restarted = "the embedded database had died and was started again";
    await eventually("it is started again", () => notices.includes(restarted), 30_000);
    expect((await opened.pool.query("select x from t")).rows).toEqual([{ x: 7 }]);
    await opened.close();
    rmSync(dataDir, { recursive: true });
  });

  it("survives the loss of its idle connections", async () => {
    const notices: string[] = [];
    const opened = await openDatabase(database, { onNotice: (text) => notices.push(text) });
    await administer(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()",
    );
    await eventually("the loss is noticed", () => notices.length > 0);
    expect((await opened.pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await opened.close();
  });
});
