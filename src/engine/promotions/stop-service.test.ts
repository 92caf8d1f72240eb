import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;
const dev = { service: "shop", environment: "dev" };

beforeEach(async () => {
  bench = await EngineBench.create();
  plane = bench.worker().controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
  for (const version of ["1.0.0", "1.1.0"]) {
    await plane.createRelease(operator, makeRelease(bench, version));
    await ended(plane, (await plane.promote(operator, { ...dev, release: version })).id);
  }
});

afterEach(() => bench.close());

it("stops both colours and the route, and a promotion brings the service back", async () => {
  await plane.stopService(operator, dev);
  expect(bench.host.slots.size).toBe(0);
  expect(bench.host.lanes.get("shop/dev")?.route).toBeNull();
  const [lane] = await plane.status({});
  expect(lane).toMatchObject({ live: null, rollbackUntil: null });
  expect(await plane.listDeployments({ ...dev, at: new Date().toISOString(), limit: 5 })).toEqual(
    [],
  );
  const again = await plane.promote(operator, { ...dev, release: "1.1.0" });
  expect(await ended(plane, again.id)).toMatchObject({ state: "complete" });
});

it("ends what was under way", async () => {
  bench.host.behaviours.set("shop@1.0.0", "never-ready");
  const running = await plane.promote(operator, { ...dev, release: "1.0.0" });
  const queued = await plane.promote(operator, { ...dev, release: "1.1.0" });
  await plane.stopService(operator, dev);
  for (const { id } of [running, queued]) {
    expect(await plane.showPromotion(id)).toMatchObject({ state: "aborted" });
  }
  expect(bench.host.slots.size).toBe(0);
});

it("changes nothing while the agent is away", async () => {
  bench.host.behaviours.set("shop@1.0.0", "never-ready");
  const running = await plane.promote(operator, { ...dev, release: "1.0.0" });
  bench.host.away = true;
  await expect(plane.stopService(operator, dev)).rejects.toMatchObject({ code: "unavailable" });
  expect(await plane.showPromotion(running.id)).not.toMatchObject({ state: "aborted" });
  bench.host.away = false;
  const [lane] = await plane.status({});
  expect(lane?.live?.version).toBe("1.1.0");
});

it("removes a service everywhere and keeps its history", async () => {
  await plane.removeService(operator, "shop");
  expect(await plane.status({})).toEqual([]);
  expect(await plane.listPipelines()).toEqual([]);
  expect(await plane.listReleases({ limit: 5 })).toHaveLength(2);
  expect(await plane.listDeployments({ ...dev, limit: 5 })).toHaveLength(2);
  await expect(plane.promote(operator, { ...dev, release: "1.1.0" })).rejects.toMatchObject({
    code: "not-found",
  });
  await plane.applyDocuments(operator, "t.yaml", documents());
  const again = await plane.promote(operator, { ...dev, release: "1.1.0" });
  expect(await ended(plane, again.id)).toMatchObject({ state: "complete" });
});

it("brings everything down", async () => {
  expect(await plane.down(operator)).toBe("1 service was stopped");
  expect(bench.host.slots.size).toBe(0);
});
