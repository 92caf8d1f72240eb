import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import type { Colour } from "../../model/primitives.ts";
import type { PromotionView } from "../../api/views.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import type { LaneRow } from "../../store/schema.ts";
import { weightsTo } from "../slots/route-spec.ts";

const dev = { service: "shop", environment: "dev" };
let bench: EngineBench;
let plane: ControlPlane;

beforeEach(async () => {
  bench = await EngineBench.create();
  plane = bench.worker().controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    await plane.createRelease(operator, makeRelease(bench, version));
  }
});

afterEach(() => bench.close());

async function promoted(release: string): Promise<PromotionView> {
  return ended(plane, (await plane.promote(operator, { ...dev, release })).id);
}

async function lane(): Promise<LaneRow> {
  return bench.database.db
    .selectFrom("lanes")
    .selectAll()
    .where("environment", "=", "dev")
    .executeTakeFirstOrThrow();
}

/** What the restored database has forgotten: that 1.1.0 came to `colour`, and users with it. */
async function forgotten(colour: Colour, like: Colour): Promise<void> {
  const [slot, state] = [
    bench.host.slots.get(`shop/dev/${like}`),
    bench.host.lanes.get("shop/dev"),
  ];
  if (!slot || !state?.route) throw new Error("nothing runs yet");
  const of = { slot: { ...dev, colour }, releaseName: "shop@1.1.0", generation: "lost/live" };
  bench.host.slots.set(`shop/dev/${colour}`, { ...slot, spec: { ...slot.spec, ...of } });
  state.route = { ...state.route, weights: weightsTo(colour) };
  await plane.declareRestored(operator);
}

/** Users meet 1.1.0 on green as before, and nothing was done to it or to the route. */
async function expectUntouched(act: () => Promise<unknown>): Promise<void> {
  const before = { slot: bench.host.slots.get("shop/dev/green"), effects: changes() };
  await act();
  expect(bench.host.slots.get("shop/dev/green")).toBe(before.slot);
  expect(before.slot?.spec.releaseName).toBe("shop@1.1.0");
  expect(bench.host.live("shop/dev")).toBe("green");
  expect(changes()).toBe(before.effects);
}

const changes = () => bench.host.effects.filter(({ method }) => method !== "lane.fence").length;

it("fails a promotion and a rollback that would replace what users meet after a restore, and says the way out", async () => {
  await promoted("1.2.0");
  await plane.stopService(operator, dev);
  await promoted("1.0.0");
  await forgotten("green", "blue");
  await expectUntouched(async () => {
    const view = await promoted("1.2.0");
    expect(view.state).toBe("failed");
    expect(view.message).toContain("the record says that shop@1.0.0 is live on blue");
    expect(view.message).toContain("the router sends users to green (blue 0, green 100)");
    expect(view.message).toContain("another promotion's shop@1.1.0");
    expect(view.message).toContain("`tidelock service stop shop/dev`");
  });
  await expectUntouched(async () => {
    const { id } = await plane.rollback(operator, dev, { reason: "wrong", to: "1.2.0" });
    const view = await ended(plane, id);
    expect(view.state).toBe("failed");
    expect(view.message).toContain("the router sends users to green");
  });
  await plane.stopService(operator, dev);
  expect(await promoted("1.1.0")).toMatchObject({ state: "complete" });
  expect(bench.host.live("shop/dev")).toBe("blue");
});

it("leaves them alone while the router is silent as well: it goes on as it was told", async () => {
  await promoted("1.0.0");
  await forgotten("green", "blue");
  await expectUntouched(async () => {
    bench.host.routerSilent = true;
    const view = await promoted("1.2.0");
    bench.host.routerSilent = false;
    expect(view.message).toContain("the router sends users to green");
  });
});

it("takes no traffic away where the restored record knows of nothing that is live", async () => {
  await promoted("1.0.0");
  const [slot, state] = [bench.host.slots.get("shop/dev/blue"), bench.host.lanes.get("shop/dev")];
  const route = state?.route;
  await plane.stopService(operator, dev);
  if (!slot || !state || !route) throw new Error("nothing ran");
  bench.host.slots.set("shop/dev/blue", slot);
  // Another address is declared by now: opening the route there would take it away as well.
  state.route = { ...route, listen: "127.0.0.1:18089" };
  const view = await promoted("1.2.0");
  expect(view.message).toContain("the record says that nothing is live");
  expect(bench.host.slots.get("shop/dev/blue")).toBe(slot);
  expect(bench.host.live("shop/dev")).toBe("blue");
});

it("retires no colour to which the router sends users, though the restored record has it as the old one", async () => {
  await promoted("1.2.0");
  await promoted("1.0.0");
  expect(await lane()).toMatchObject({ live_colour: "green", old_colour: "blue" });
  await forgotten("blue", "green");
  const slot = bench.host.slots.get("shop/dev/blue");
  await bench.database.db
    .updateTable("lanes")
    .set({ retire_at: new Date(0) })
    .execute();
  // The sweep comes every 200 ms.
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(bench.host.slots.get("shop/dev/blue")).toBe(slot);
  expect((await lane()).old_colour).toBe("blue");
  const state = bench.host.lanes.get("shop/dev");
  if (state?.route) state.route = { ...state.route, weights: weightsTo("green") };
  await until(
    () => bench.host.slots.has("shop/dev/blue"),
    (there) => !there,
  );
});
