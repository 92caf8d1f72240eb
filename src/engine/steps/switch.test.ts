import { sql } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { PromotionView } from "../../api/views.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

const dev = { service: "shop", environment: "dev" };
let bench: EngineBench;
let plane: ControlPlane;
/** What happens at a named point of the promotion of 1.1.0. */
let at: { point: string; act: () => unknown } | null;

/** 1.0.0 is live on blue. */
beforeEach(async () => {
  at = null;
  bench = await EngineBench.create();
  const reach = async (point: string): Promise<void> => {
    if (point === at?.point) await at.act();
  };
  plane = bench.worker({ hooks: { reach } }).controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
  for (const version of ["1.0.0", "1.1.0"]) {
    await plane.createRelease(operator, makeRelease(bench, version));
  }
  expect(await promoted("1.0.0")).toMatchObject({ state: "complete", colour: "blue" });
});

afterEach(() => bench.close());

async function promoted(release: string): Promise<PromotionView> {
  const { id } = await plane.promote(operator, { ...dev, release });
  return ended(plane, id);
}

function stateOf(view: PromotionView, kind: string): string | undefined {
  return view.steps.find((step) => step.kind === kind)?.state;
}

async function expectOldColourLive(): Promise<void> {
  expect(bench.host.live("shop/dev")).toBe("blue");
  const [status] = await plane.status({ service: "shop" });
  expect(status?.live).toMatchObject({ version: "1.0.0", colour: "blue" });
}

it("believes no router that confirms a switch and goes on as before", async () => {
  at = { point: "switch:before-effect", act: () => (bench.host.routerIgnores = true) };
  const view = await promoted("1.1.0");
  expect(stateOf(view, "switch")).toBe("failed");
  expect(view.message).toContain("the router was told to send everything to green");
  await expectOldColourLive();
});

it("believes no router that has gone back by itself after it had switched", async () => {
  const route = bench.host.lanes.get("shop/dev");
  const before = route?.route ?? null;
  const goBack = (): void => {
    if (route) route.route = before;
  };
  at = { point: "switch:after-effect", act: goBack };
  const view = await promoted("1.1.0");
  expect(stateOf(view, "switch")).toBe("done");
  expect(stateOf(view, "verify-route")).toBe("failed");
  await expectOldColourLive();
});

it("moves nothing when something else is live than the plan says: what was approved is void", async () => {
  const changeLive = (): Promise<unknown> =>
    bench.database.db
      .updateTable("lanes")
      .set({ live_configuration: `sha256:${"e".repeat(64)}` })
      .where("environment", "=", "dev")
      .execute();
  at = { point: "deploy-live:after-effect", act: changeLive };
  const view = await promoted("1.1.0");
  expect(stateOf(view, "switch")).toBe("failed");
  expect(view.message).toContain("the plan is void");
  await expectOldColourLive();
});

it("waits at the very end for a router that is being started again, and takes no good release back", async () => {
  const away = (): void => {
    at = null;
    bench.host.routerSilent = true;
    setTimeout(() => (bench.host.routerSilent = false), 300);
  };
  at = { point: "complete:begin", act: away };
  expect(await promoted("1.1.0")).toMatchObject({ state: "complete" });
  expect(bench.host.routerSilent).toBe(false);
  expect(bench.host.live("shop/dev")).toBe("green");
});

it("promotes where a stop that was cut short has left no route: there is nothing to arm a return to", async () => {
  const lane = bench.host.lanes.get("shop/dev");
  if (lane) lane.route = null;
  expect(await promoted("1.1.0")).toMatchObject({ state: "complete" });
  expect(bench.host.live("shop/dev")).toBe("green");
});

it("arms the return and writes the intent when a restored database finds the traffic there already", async () => {
  const lane = bench.host.lanes.get("shop/dev");
  const move = (): void => {
    if (lane?.route) lane.route = { ...lane.route, weights: { blue: 0, green: 100 } };
  };
  at = { point: "deploy-live:after-effect", act: move };
  const view = await promoted("1.1.0");
  expect(view).toMatchObject({ state: "complete" });
  const { rows } = await sql<{ kind: string }>`
    select kind from ledger_entries
    where operation like ${`${view.id}/%/switch`} or operation like ${`${view.id}/%/arm-return`}
    order by kind`.execute(bench.database.db);
  expect(rows.map(({ kind }) => kind)).toEqual([
    "effect.intent",
    "effect.intent",
    "effect.outcome",
    "effect.outcome",
  ]);
  expect(bench.host.effects.map(({ method }) => method)).toContain("return.arm");
});
