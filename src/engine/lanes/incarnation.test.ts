import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;
const dev = { service: "shop", environment: "dev" };

beforeEach(async () => {
  bench = await EngineBench.create();
  plane = bench.worker().controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
});

afterEach(() => bench.close());

it("refuses to act with a database that is older than the machine, until a person declares it the truth", async () => {
  // The agent has seen epoch 50 of this lane; the restored database begins at 0.
  await bench.host.call("lane.fence", { fence: { lane: "shop/dev", incarnation: 1, epoch: 50 } });
  const { id } = await plane.promote(operator, { ...dev, release: "1.0.0" });
  const { db } = bench.database;
  await until(
    () => db.selectFrom("lanes").select("fence_problem").where("environment", "=", "dev").execute(),
    ([lane]) => lane?.fence_problem !== null,
  );
  const [lane] = await db
    .selectFrom("lanes")
    .select("fence_problem")
    .where("environment", "=", "dev")
    .execute();
  expect(lane?.fence_problem).toContain("newer server than this database knows");
  expect(bench.host.effects).toEqual([]);
  await plane.declareRestored(operator);
  expect(await ended(plane, id)).toMatchObject({ state: "complete" });
  expect(bench.host.effects.every((effect) => effect.fence.incarnation === 2)).toBe(true);
});

it("says in a waiting promotion which command ends the wait", async () => {
  const { id } = await plane.promote(operator, { ...dev, release: "1.0.0" });
  bench.host.behaviours.set("shop@1.0.0", "never-ready");
  await until(
    () => plane.showPromotion(id),
    (view) => view.steps.some((step) => step.kind === "ready" && step.state === "waiting"),
  );
  await bench.host.call("lane.fence", { fence: { lane: "shop/dev", incarnation: 7, epoch: 1 } });
  const waits = await until(
    () => plane.showPromotion(id),
    (view) => view.waiting?.who.includes("recover") === true || view.state !== "running",
  );
  expect(waits.waiting?.reason).toContain("restored from a backup");
});
