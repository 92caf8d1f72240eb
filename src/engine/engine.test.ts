import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../test/support/engine-bench.ts";
import type { ControlPlane } from "../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;

beforeEach(async () => {
  bench = await EngineBench.create();
  plane = bench.worker().controlPlane;
  await plane.applyDocuments(operator, "tidelock.yaml", documents());
});

afterEach(() => bench.close());

async function release(version: string): Promise<void> {
  await plane.createRelease(operator, makeRelease(bench, version));
}

async function promoted(version: string, environment: string) {
  const accepted = await plane.promote(operator, {
    service: "shop",
    release: version,
    environment,
  });
  return ended(plane, accepted.id);
}

describe("a promotion", () => {
  it("takes a first release and its successor through both environments", async () => {
    await release("1.0.0");
    expect(await promoted("1.0.0", "dev")).toMatchObject({ state: "complete", colour: "blue" });
    const first = await promoted("1.0.0", "production");
    expect(first).toMatchObject({ state: "complete", colour: "blue" });
    expect(first.steps.map((step) => step.state)).not.toContain("pending");
    await release("1.1.0");
    await promoted("1.1.0", "dev");
    const second = await promoted("1.1.0", "production");
    expect(second).toMatchObject({ state: "complete", colour: "green" });
    expect(second.checks).toMatchObject([{ name: "smoke", report: { verdict: "pass" } }]);
    expect(second.decision?.outcome).toBe("allow");
    expect(bench.host.live("shop/production")).toBe("green");
    const [, production] = await plane.status({ service: "shop" });
    expect(production).toMatchObject({
      live: { version: "1.1.0", colour: "green" },
      lastGood: { version: "1.1.0" },
      current: null,
      queued: 0,
    });
    expect(production?.rollbackUntil).not.toBeNull();
    expect(production?.colours.map((colour) => colour.state)).toEqual(["ready", "ready"]);
  });

  it("is denied where no predecessor has verified the release, and nothing is started", async () => {
    await release("1.0.0");
    const refused = await promoted("1.0.0", "production");
    expect(refused.state).toBe("failed");
    expect(refused.decision?.outcome).toBe("deny");
    expect(refused.message).toContain("dev has not verified this release");
    expect(bench.host.slots.size).toBe(0);
  });

  it("fails with the last exit and the log's end when the service never becomes ready", async () => {
    await release("1.0.0");
    bench.host.behaviours.set("shop@1.0.0", "crashes");
    const crashed = await promoted("1.0.0", "dev");
    expect(crashed.state).toBe("failed");
    expect(crashed.message).toContain("exit code 3");
    expect(crashed.message).toContain("cannot find module");
    expect(bench.host.slots.size).toBe(0);
  });

  it("that fails a check leaves the live colour alone and removes the idle one", async () => {
    await release("1.0.0");
    await promoted("1.0.0", "dev");
    await promoted("1.0.0", "production");
    await release("1.1.0");
    await promoted("1.1.0", "dev");
    bench.staged.verdicts = ["fail"];
    const failed = await promoted("1.1.0", "production");
    expect(failed).toMatchObject({ state: "failed", decision: { outcome: "deny" } });
    expect(bench.host.live("shop/production")).toBe("blue");
    expect(bench.host.slots.has("shop/production/green")).toBe(false);
    expect(bench.host.slots.has("shop/production/blue")).toBe(true);
  });

  it("returns the traffic when the live colour gets sick while it is watched", async () => {
    await plane.applyDocuments(
      operator,
      "tidelock.yaml",
      documents().replace("{ for: 40ms", "{ for: 20s"),
    );
    await release("1.0.0");
    await promoted("1.0.0", "dev");
    bench.staged.verdicts = [];
    const first = await plane.promote(operator, {
      service: "shop",
      release: "1.0.0",
      environment: "production",
    });
    expect(first.state).toBe("queued");
    await until(
      () => plane.showPromotion(first.id),
      (view) => view.steps.some((step) => step.kind === "watch" && step.state === "waiting"),
    );
    bench.host.makeSick({ service: "shop", environment: "production", colour: "blue" });
    const gone = await ended(plane, first.id);
    expect(gone.state).toBe("failed");
    expect(bench.host.live("shop/production")).toBeNull();
    expect(gone.message).toContain("3 bad looks in a row");
  });
});
