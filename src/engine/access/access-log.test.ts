import { sql } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { EngineBench, type Worker } from "../../../test/support/engine-bench.ts";
import { accessEvents, closeAccessRun, noteAccess } from "./access-log.ts";

let bench: EngineBench;
let worker: Worker;
beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
});
afterEach(() => bench.close());

const note = (actor: string | null, outcome = "200") =>
  noteAccess(worker.engine, {
    actor,
    action: "POST /api/v1/promotions",
    target: "",
    outcome,
  });

it("keeps calls by pseudonym and refused ones by nobody, and their digest in the ledger", async () => {
  await note("operator");
  await note(null, "401");
  await closeAccessRun(worker.engine);
  await note("operator");
  const { items, problems } = await accessEvents(worker.engine, 10);
  expect(problems).toEqual([]);
  expect(items.map(({ outcome, recorded }) => [outcome, recorded])).toEqual([
    ["200", false],
    ["401", true],
    ["200", true],
  ]);
  expect(items[1]?.actor).toBe("unknown");
  expect(items[2]?.actor).toMatch(/^person:/);
});

it("refuses changes, and notices those that an administrator forces", async () => {
  const { db } = bench.database;
  await note("operator");
  await note(null, "401");
  await closeAccessRun(worker.engine);
  await expect(sql`delete from access_events`.execute(db)).rejects.toThrow(/append-only/);
  await expect(sql`update access_events set outcome = '200'`.execute(db)).rejects.toThrow();
  await sql`alter table access_events disable trigger access_events_append_only`.execute(db);
  await sql`delete from access_events where outcome = '401'`.execute(db);
  const { problems } = await accessEvents(worker.engine, 10);
  expect(problems).toEqual([expect.stringContaining("run 1 is not what the ledger says")]);
  await sql`delete from access_events`.execute(db);
  expect((await accessEvents(worker.engine, 10)).problems).toEqual([
    expect.stringContaining("run 1 is in the ledger, and none of its events is here"),
  ]);
});
