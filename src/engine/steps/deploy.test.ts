import { afterAll, beforeAll, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.create();
});
afterAll(() => bench.close());

it("is refused when the stored artifact holds other bytes by then, although it was whole at admission", async () => {
  let damaging = false;
  const reach = async (point: string): Promise<void> => {
    if (!damaging || point !== "deploy-isolated:after-effect") return;
    for (const digest of bench.content.blobs.keys()) {
      bench.content.blobs.set(digest, Buffer.from("other bytes"));
    }
  };
  const plane = bench.worker({ hooks: { reach } }).controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const shop = { service: "shop", release: "1.0.0" };
  const dev = await plane.promote(operator, { ...shop, environment: "dev" });
  expect(await ended(plane, dev.id)).toMatchObject({ state: "complete" });
  damaging = true;
  const production = await plane.promote(operator, { ...shop, environment: "production" });
  const view = await ended(plane, production.id);
  expect(view).toMatchObject({ state: "failed" });
  expect(view.message).toContain("holds other bytes");
  const deployed = bench.host.effects.filter(({ operation }) => operation.includes(production.id));
  expect(deployed.filter(({ method }) => method === "slot.deploy")).toHaveLength(1);
  expect(bench.host.live("shop/production")).toBeNull();
});
