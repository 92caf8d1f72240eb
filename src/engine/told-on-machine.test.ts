import { expect, it } from "vitest";
import { EngineBench } from "../../test/support/engine-bench.ts";

it("says in the ledger what was done from the machine, before it is done", async () => {
  const bench = await EngineBench.create();
  try {
    const worker = bench.worker();
    await worker.engine.log.open("1.0.0");
    await worker.controlPlane.toldOnMachine({ id: "operator" }, "down");
    const { db } = bench.database;
    const entries = await db
      .selectFrom("ledger_entries")
      .select(["stream", "payload"])
      .where("kind", "=", "machine.told")
      .execute();
    expect(entries).toEqual([{ stream: "system", payload: { what: "down" } }]);
    expect(await worker.controlPlane.ledger.verifyState()).toMatchObject({ ok: true });
  } finally {
    await bench.close();
  }
});
