import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import type { HostAgent } from "../../ports/host-agent.ts";

const dev = { service: "shop", environment: "dev", release: "1.0.0" };
let bench: EngineBench;

beforeEach(async () => {
  bench = await EngineBench.create();
});
afterEach(() => bench.close());

it("gives up a look that hangs, says so, and looks again under a new lease", async () => {
  let comesBack = (): void => undefined;
  let hangs = 0;
  /** Its first deployment is asked for, and no answer ever comes. */
  const agent: HostAgent = {
    call: async (method, params) => {
      if (method === "slot.deploy" && hangs++ === 0) {
        await new Promise<void>((resolve) => (comesBack = resolve));
      }
      return bench.host.call(method, params);
    },
  };
  const worker = bench.worker({ agent, settings: { lookMs: 3_000, agentAwayMs: 300 } });
  const observer = bench.observer();
  await observer.applyDocuments(operator, "t.yaml", documents());
  await observer.createRelease(operator, makeRelease(bench, "1.0.0"));
  const { id } = await observer.promote(operator, dev);
  const waiting = await until(
    () => observer.showPromotion(id),
    (view) => view.waiting?.reason.includes("did not end") === true,
  );
  expect(waiting.waiting?.reason).toBe(
    "a look at shop/dev did not end within 3 s and was given up",
  );
  expect((await ended(observer, id)).state).toBe("complete");
  expect(worker.notices).toContain(waiting.waiting?.reason);
  // The one that hung comes back, under a lease that is not ours any more: it changes nothing.
  const before = bench.host.effects.length;
  comesBack();
  await until(
    () => bench.host.refused.map(({ method }) => method),
    (refused) => refused.includes("slot.deploy"),
  );
  expect(bench.host.effects).toHaveLength(before);
});

it("keeps one lane's hung look from no other lane", async () => {
  const agent: HostAgent = {
    call: async (method, params) => {
      if (method === "slot.deploy" && "operation" in params) {
        if (JSON.stringify(params).includes("shop/dev")) await new Promise(() => undefined);
      }
      return bench.host.call(method, params);
    },
  };
  const worker = bench.worker({ agent });
  const { controlPlane } = worker;
  const alone = documents({ production: "      after: []" });
  await controlPlane.applyDocuments(operator, "t.yaml", alone);
  await controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  await controlPlane.promote(operator, dev);
  const other = await controlPlane.promote(operator, { ...dev, environment: "production" });
  expect((await ended(controlPlane, other.id)).state).toBe("complete");
});
