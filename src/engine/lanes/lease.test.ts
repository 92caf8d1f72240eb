import { afterAll, beforeAll, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { type Lease, seizeLease, takeLease, withLease } from "./lease.ts";

const lane = { service: "shop", environment: "dev" };
let bench: EngineBench;
let worker: Worker;

beforeAll(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.controlPlane.applyDocuments(operator, "t.yaml", documents());
  await worker.controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const first = await worker.controlPlane.promote(operator, { ...lane, release: "1.0.0" });
  await ended(worker.controlPlane, first.id);
  await worker.reconciler.stop();
});

afterAll(() => bench.close());

/** What a worker would write about its lane; 1 when it was let through. */
async function writes(lease: Lease): Promise<number> {
  return withLease(worker.engine, lease, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable("lanes")
      .set({ live_colour: "green" })
      .where("service", "=", lane.service)
      .where("environment", "=", lane.environment)
      .executeTakeFirstOrThrow();
    return Number(numUpdatedRows);
  });
}

async function liveColour(): Promise<string | null> {
  const { live_colour } = await bench.database.db
    .selectFrom("lanes")
    .select("live_colour")
    .where("environment", "=", lane.environment)
    .executeTakeFirstOrThrow();
  return live_colour;
}

async function taken(): Promise<Lease> {
  const { lease } = await seizeLease(worker.engine, bench.database.db, lane);
  return lease;
}

it("writes nothing of a worker whose lane another one has taken since", async () => {
  const before = await taken();
  const after = await taken();
  expect(after.fence.epoch).toBeGreaterThan(before.fence.epoch);
  await expect(writes(before)).rejects.toMatchObject({ code: "stale-epoch" });
  expect(await liveColour()).toBe("blue");
});

it("writes nothing of a worker that only knows the epoch of another one's lease", async () => {
  const lease = await taken();
  const stranger = { ...lease, holder: "somebody else" };
  await expect(writes(stranger)).rejects.toMatchObject({ code: "stale-epoch" });
  expect(await liveColour()).toBe("blue");
});

it("lets its holder write, and nobody else take it meanwhile", async () => {
  const lease = await taken();
  expect(await takeLease(worker.engine, lane)).toBeUndefined();
  expect(await writes(lease)).toBe(1);
  expect(await liveColour()).toBe("green");
});
