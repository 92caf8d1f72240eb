import { afterEach, beforeEach, describe, expect, it } from "vitest";
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
  await plane.applyDocuments(operator, "tidelock.yaml", documents());
});

afterEach(() => bench.close());

async function live(version: string, drain?: string): Promise<void> {
  if (drain) {
    const text = documents().replace(
      "    - name: dev\n",
      `    - name: dev\n      drain: ${drain}\n`,
    );
    await plane.applyDocuments(operator, "tidelock.yaml", text);
  }
  await plane.createRelease(operator, makeRelease(bench, version));
  const accepted = await plane.promote(operator, { ...dev, release: version });
  expect(await ended(plane, accepted.id)).toMatchObject({ state: "complete" });
}

const back = (to?: string) =>
  plane.rollback(operator, dev, { reason: "prices are wrong", ...(to && { to }) });

describe("a rollback", () => {
  it("only switches while the old colour stands, and starts nothing", async () => {
    await live("1.0.0");
    await live("1.1.0");
    const deploys = () => bench.host.effects.filter((one) => one.method === "slot.deploy").length;
    const before = deploys();
    const accepted = await back();
    expect(bench.host.live("shop/dev")).toBe("blue");
    const done = await ended(plane, accepted.id);
    expect(done).toMatchObject({ kind: "rollback", state: "complete", colour: "blue" });
    expect(done.release.version).toBe("1.0.0");
    expect(deploys()).toBe(before);
    const [lane] = await plane.status({ service: "shop" });
    expect(lane).toMatchObject({ live: { version: "1.0.0" }, lastGood: { version: "1.0.0" } });
  });

  it("removes what it left after the drain time, and never goes back to it", async () => {
    await live("1.0.0");
    await live("1.1.0", "50ms");
    await ended(plane, (await back()).id);
    await until(
      () => bench.host.slots.has("shop/dev/green"),
      (there) => !there,
    );
    await expect(back("1.1.0")).rejects.toMatchObject({ code: "denied" });
    await expect(back()).rejects.toMatchObject({ code: "not-found" });
  });

  it("starts the last good release again when the old colour is gone", async () => {
    await live("1.0.0");
    await live("1.1.0");
    await plane.createRelease(operator, makeRelease(bench, "1.2.0"));
    bench.host.behaviours.set("shop@1.2.0", "crashes");
    const failed = await plane.promote(operator, { ...dev, release: "1.2.0" });
    expect(await ended(plane, failed.id)).toMatchObject({ state: "failed" });
    expect(bench.host.slots.has("shop/dev/blue")).toBe(false);
    const done = await ended(plane, (await back()).id);
    expect(done).toMatchObject({ state: "complete", release: { version: "1.0.0" } });
    expect(done.steps.map((step) => step.kind)).not.toContain("check");
    expect(bench.host.live("shop/dev")).toBe("blue");
  });

  it("of a release that is being watched ends its promotion as rolled back", async () => {
    await live("1.0.0");
    await plane.applyDocuments(
      operator,
      "tidelock.yaml",
      documents().replace("for: 20ms", "for: 1m"),
    );
    await plane.createRelease(operator, makeRelease(bench, "1.1.0"));
    const running = await plane.promote(operator, { ...dev, release: "1.1.0" });
    await until(
      () => bench.host.live("shop/dev"),
      (colour) => colour === "green",
    );
    await until(
      () => plane.status({}),
      ([lane]) => lane?.live?.colour === "green",
    );
    const done = await ended(plane, (await back()).id);
    expect(done).toMatchObject({ state: "complete", release: { version: "1.0.0" } });
    expect(await plane.showPromotion(running.id)).toMatchObject({ state: "rolled-back" });
    expect(bench.host.live("shop/dev")).toBe("blue");
  });

  it("refuses a second operator's while it is under way, unless that one names where to go", async () => {
    await live("1.0.0");
    await live("1.1.0");
    await live("1.2.0");
    await plane.createRelease(operator, makeRelease(bench, "1.3.0"));
    bench.host.behaviours.set("shop@1.3.0", "crashes");
    const failed = await plane.promote(operator, { ...dev, release: "1.3.0" });
    await ended(plane, failed.id);
    const slow = documents().replace("for: 20ms", "for: 1m");
    await plane.applyDocuments(operator, "tidelock.yaml", slow);
    const first = await back();
    await until(
      () => plane.status({}),
      ([lane]) => lane?.live?.version === "1.1.0",
    );
    await expect(back()).rejects.toMatchObject({
      code: "conflict",
      message: `a rollback is under way already: ${first.id}`,
    });
    expect(await plane.showPromotion(first.id)).toMatchObject({
      state: "running",
      desired: "complete",
    });
    const further = await back("1.0.0");
    expect(further.release.version).toBe("1.0.0");
  });

  it("refuses a second one that names no release: two returns would go too far", async () => {
    await live("1.0.0");
    await live("1.1.0");
    await live("1.2.0");
    await ended(plane, (await back()).id);
    await expect(back()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("dev was returned to shop@1.1.0 already") as string,
      hint: expect.stringContaining("--to 1.0.0") as string,
    });
    const further = await ended(plane, (await back("1.0.0")).id);
    expect(further).toMatchObject({ state: "complete", release: { version: "1.0.0" } });
  });

  it("refuses to go back to what is live, to what was never good, and where nothing ever was", async () => {
    await expect(back()).rejects.toMatchObject({ code: "not-found" });
    await live("1.0.0");
    await expect(back("1.0.0")).rejects.toMatchObject({ code: "conflict" });
    await plane.createRelease(operator, makeRelease(bench, "1.1.0"));
    await expect(back("1.1.0")).rejects.toMatchObject({ code: "denied" });
  });

  it("takes a new epoch at once, whoever holds the lane", async () => {
    await live("1.0.0");
    await live("1.1.0");
    await bench.database.db
      .updateTable("lanes")
      .set({ lease_holder: "somebody else", lease_expires: new Date(Date.now() + 60_000) })
      .where("environment", "=", "dev")
      .execute();
    const accepted = await back();
    expect(bench.host.live("shop/dev")).toBe("blue");
    expect(await ended(plane, accepted.id)).toMatchObject({ state: "complete" });
  });
});

describe("recreate", () => {
  const recreate = documents().replace(
    "    - name: dev\n",
    "    - name: dev\n      strategy: recreate\n",
  );

  it("stops the old colour first, and starts it again when the new one does not come up", async () => {
    await plane.applyDocuments(operator, "tidelock.yaml", recreate);
    await live("1.0.0");
    await plane.createRelease(operator, makeRelease(bench, "1.1.0"));
    bench.host.behaviours.set("shop@1.1.0", "crashes");
    const accepted = await plane.promote(operator, { ...dev, release: "1.1.0" });
    const failed = await ended(plane, accepted.id);
    expect(failed.state).toBe("failed");
    expect(failed.steps.filter((step) => step.state === "compensated")).toHaveLength(3);
    expect(bench.host.live("shop/dev")).toBe("blue");
    expect([...bench.host.slots.keys()]).toEqual(["shop/dev/blue"]);
    expect(bench.host.observe({ ...dev, colour: "blue" }).deployed?.releaseName).toBe("shop@1.0.0");
  });

  it("goes back by starting the last good release again", async () => {
    await plane.applyDocuments(operator, "tidelock.yaml", recreate);
    await live("1.0.0");
    await live("1.1.0");
    expect([...bench.host.slots.keys()]).toEqual(["shop/dev/green"]);
    const done = await ended(plane, (await back()).id);
    expect(done).toMatchObject({ state: "complete", release: { version: "1.0.0" } });
    expect([...bench.host.slots.keys()]).toEqual(["shop/dev/blue"]);
  });
});
