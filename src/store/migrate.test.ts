import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { type Database, openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";

let database: TestDatabase;
let opened: Database<unknown>;
let pool: pg.Pool;
let folder: string;

beforeEach(async () => {
  database = await createTestDatabase();
  opened = await openDatabase(database);
  pool = opened.pool;
  folder = await mkdtemp(join(tmpdir(), "migrations-"));
});

afterEach(async () => {
  await opened.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

const add = (name: string, sql: string) => writeFile(join(folder, name), sql);
const run = (programVersion = "1.0.0", on = pool) =>
  migrate(on, { programVersion, directory: pathToFileURL(`${folder}/`) });

describe("migrate", () => {
  it("applies the files in order, once", async () => {
    await add("0002-b.sql", "alter table a add column y int");
    await add("0001-a.sql", "create table a (x int)");
    expect(await run()).toEqual(["0001-a.sql", "0002-b.sql"]);
    expect(await run()).toEqual([]);
  });

  it("applies each file once when several servers start together", async () => {
    await add(
      "0001-a.sql",
      "create table a (x int); insert into a values (1); select pg_sleep(0.1)",
    );
    await add("0002-b.sql", "insert into a values (2)");
    const second = await openDatabase(database);
    const done = await Promise.all([run(), run("1.0.0", second.pool), run()]);
    await second.close();
    expect(done.flat().sort()).toEqual(["0001-a.sql", "0002-b.sql"]);
    expect((await pool.query("select x from a order by x")).rows).toEqual([{ x: 1 }, { x: 2 }]);
  });

  it("keeps nothing of a file that fails, and names its line", async () => {
    await add("0001-a.sql", "create table a (x int);\nselekt 1;\n");
    await expect(run()).rejects.toMatchObject({ code: "failed", where: "0001-a.sql:2" });
    const tables = await pool.query("select from pg_tables where tablename = 'a'");
    expect(tables.rowCount).toBe(0);
    await add("0001-a.sql", "create table a (x int)");
    expect(await run()).toEqual(["0001-a.sql"]);
  });

  it("lets an older program work on a newer schema until the schema says which program it needs", async () => {
    await add("0001-a.sql", "create table a (x int)");
    await add("0002-b.sql", "-- minimum-program-version: 1.1.0\nalter table a add column y int");
    await run("1.2.0");
    await rm(join(folder, "0002-b.sql"));
    expect(await run("1.1.0")).toEqual([]);
    await expect(run("1.1.0-rc.1")).rejects.toMatchObject({
      code: "incompatible",
      message:
        "this is tidelock 1.1.0-rc.1; the database has been moved on and needs 1.1.0 or newer",
    });
  });

  it("refuses a file that changed after it had been applied", async () => {
    await add("0001-a.sql", "create table a (x int)");
    await run();
    await add("0001-a.sql", "create table a (x bigint)");
    await expect(run()).rejects.toMatchObject({ code: "incompatible", where: "0001-a.sql" });
  });

  it("refuses a file that comes before one already applied", async () => {
    await add("0002-b.sql", "create table b (x int)");
    await run();
    await add("0001-a.sql", "create table a (x int)");
    await expect(run()).rejects.toMatchObject({ code: "incompatible", where: "0001-a.sql" });
  });

  it("refuses a name that says no order", async () => {
    await add("first.sql", "select 1");
    await expect(run()).rejects.toMatchObject({ code: "internal", fault: "bug" });
  });

  it("applies the repository's own files", async () => {
    await migrate(pool, { programVersion: "9999.0.0" });
    expect(await migrate(pool, { programVersion: "9999.0.0" })).toEqual([]);
  });
});
