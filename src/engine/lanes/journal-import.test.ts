import { afterEach, beforeEach, expect, it } from "vitest";
import { EngineBench, type Worker } from "../../../test/support/engine-bench.ts";
import { importJournal } from "./journal-import.ts";

let bench: EngineBench;
let worker: Worker;
beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.reconciler.stop();
  for (const kind of ["start", "deploy", "route"]) {
    bench.host.note({ kind, lane: "shop/dev", operation: kind, detail: {} });
  }
});
afterEach(() => bench.close());

async function takenIn(): Promise<readonly string[]> {
  const rows = await bench.database.db.selectFrom("agent_journal").select("kind").execute();
  return rows.map(({ kind }) => kind);
}

it("takes in what the agent signed, once", async () => {
  await importJournal(worker.engine);
  await importJournal(worker.engine);
  expect(await takenIn()).toEqual(["start", "deploy", "route"]);
});

it("takes in nothing of a journal in which an entry was changed", async () => {
  const { journal } = bench.host;
  const [, second] = journal;
  if (second) journal[1] = { ...second, detail: { weights: "another" } };
  await expect(importJournal(worker.engine)).rejects.toMatchObject({ code: "digest-mismatch" });
  expect(await takenIn()).toEqual([]);
});

it("takes in nothing of a journal from which an entry is missing", async () => {
  await importJournal(worker.engine);
  for (const kind of ["watch", "return", "stop"]) {
    bench.host.note({ kind, lane: "shop/dev", operation: kind, detail: {} });
  }
  bench.host.journal.splice(4, 1);
  await expect(importJournal(worker.engine)).rejects.toMatchObject({ code: "digest-mismatch" });
  expect(await takenIn()).toEqual(["start", "deploy", "route"]);
});
