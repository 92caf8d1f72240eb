import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { treeMediaType } from "../../model/release.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { promoteAutomatically } from "../promotions/auto-promotion.ts";

const dev = { service: "shop", environment: "dev" };
const production = { service: "shop", environment: "production" };

let bench: EngineBench;
let worker: Worker;
let plane: ControlPlane;
beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  plane = worker.controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
});
afterEach(() => bench.close());

async function brought(lane: typeof dev, release: string) {
  const { id } = await plane.promote(operator, { ...lane, release });
  const view = await ended(plane, id);
  expect(view).toMatchObject({ state: "complete" });
  return view;
}

describe("a stopped line", () => {
  it("holds every promotion of its scope, shows who, since when and why, and no return", async () => {
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
      await plane.createRelease(operator, makeRelease(bench, version));
      await brought(dev, version);
    }
    await brought(production, "1.0.0");
    await brought(production, "1.1.0");
    const stop = await plane.stops.stopLine(operator, "production", "checkout loses orders");
    expect(stop).toMatchObject({ id: "S-1", scope: "production", cleared: null });
    const { id } = await plane.promote(operator, { ...production, release: "1.2.0" });
    const waits = await until(
      () => plane.showPromotion(id),
      (view) => view.waiting !== null,
    );
    expect(waits.waiting?.reason).toMatch(
      /the line production is stopped since \S+ by operator: checkout loses orders \(S-1\)/,
    );
    const lanes = await plane.status({ service: "shop" });
    expect(lanes.map(({ environment, goes }) => [environment, goes?.open])).toEqual([
      ["dev", true],
      ["production", false],
    ]);
    expect(await plane.stops.windows({ environment: "production", service: null })).toMatchObject([
      { open: false, until: null, because: [expect.stringContaining("checkout loses orders")] },
    ]);
    const back = await plane.rollback(operator, production, { reason: "orders" });
    expect(await ended(plane, back.id)).toMatchObject({ state: "complete" });
    await plane.stops.clear(operator, "S-1", "repaired in 1.2.0");
    await expect(plane.stops.clear(operator, "S-1", "again")).rejects.toThrow("cleared before");
    const again = await plane.promote(operator, { ...production, release: "1.2.0" });
    expect(await ended(plane, again.id)).toMatchObject({ state: "complete" });
  });

  it("that somebody lets go in the database closes every gate", async () => {
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    await plane.stops.stopLine(operator, "*/production", "an incident");
    await brought(dev, "1.0.0");
    await bench.database.db.deleteFrom("stops").execute();
    const { id } = await plane.promote(operator, { ...production, release: "1.0.0" });
    const view = await ended(plane, id);
    expect(view.state).toBe("failed");
    expect(view.message).toContain("stop/1/1 is in the log and not in the database");
  });

  it("is refused where it would stop nothing", async () => {
    const stop = (scope: string) => plane.stops.stopLine(operator, scope, "why");
    await expect(stop("cart")).rejects.toThrow("no service and no environment cart");
    await expect(stop("shop/live")).rejects.toThrow("no environment live");
    await expect(stop("../etc")).rejects.toThrow("names no line");
  });
});

describe("a ban", () => {
  it("keeps the content out under every version, forward, back and by itself, until it is lifted", async () => {
    const first = makeRelease(bench, "1.0.0");
    await plane.createRelease(operator, first);
    await plane.createRelease(operator, makeRelease(bench, "1.1.0"));
    await plane.createRelease(operator, { ...first, version: "1.2.0" });
    for (const version of ["1.0.0", "1.1.0"]) {
      await brought(dev, version);
      await brought(production, version);
    }
    const banned = await plane.stops.ban(
      operator,
      { service: "shop", release: "1.0.0" },
      "it deletes carts",
    );
    for (const release of ["1.0.0", "1.2.0"]) {
      const forward = plane.promote(operator, { ...dev, release });
      await expect(forward).rejects.toThrow(/is banned since .* by operator: it deletes carts/);
    }
    const back = plane.rollback(operator, production, { reason: "slow", to: "1.0.0" });
    await expect(back).rejects.toThrow("known to be worse here: banned: it deletes carts (S-1)");
    await expect(plane.rollback(operator, production, { reason: "slow" })).rejects.toThrow(
      "nothing else was ever good",
    );
    await plane.applyDocuments(operator, "t.yaml", documents({ dev: "      auto: true" }));
    await promoteAutomatically(worker.engine);
    expect(worker.notices.join()).not.toContain("by itself");
    const started = await plane.listPromotions({ ...dev, limit: 9 });
    expect(started.filter(({ createdBy }) => createdBy === "auto")).toEqual([]);
    await plane.stops.clear(operator, banned.id as `S-1`, "it was the proxy");
    expect(await brought(dev, "1.2.0")).toMatchObject({ state: "complete" });
  });

  const parts = (...names: string[]) =>
    names.map((name) => ({ name, ...bench.content.add(name), mediaType: treeMediaType }));
  const source = (revision: string, dirty = false) => ({
    kind: "git" as const,
    revision,
    dirty,
    commits: [],
    truncated: false,
  });
  const made = async (version: string, artifacts: string[], revision?: string, dirty?: boolean) =>
    plane.createRelease(
      operator,
      makeRelease(bench, version, {
        artifacts: parts(...artifacts),
        ...(revision === undefined ? {} : { source: source(revision, dirty) }),
      }),
    );
  const refused = async (release: string) =>
    plane.promote(operator, { ...dev, release }).then(
      () => false,
      ({ code }: { code: string }) => code === "denied",
    );

  it("is not dodged by leaving a part out, adding one, or building it anew", async () => {
    await made("1.0.0", ["server", "assets", "seed"], "a1");
    await plane.stops.ban(operator, { service: "shop", release: "1.0.0" }, "it deletes carts");
    await made("1.1.0", ["server"], "b2");
    await made("1.2.0", ["assets", "other server"], "c3");
    await made("1.3.0", ["built anew"], "a1");
    await made("1.4.0", ["built anew", "dirty"], "a1", true);
    await made("1.5.0", ["repaired"], "d4");
    expect(await Promise.all(["1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"].map(refused))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it("leaves the way back: what a good release has too is not bad by itself, and is named", async () => {
    await made("1.0.0", ["server", "assets"], "a1");
    await made("1.1.0", ["worse server", "assets"], "b2");
    await brought(dev, "1.0.0");
    await brought(dev, "1.1.0");
    const banned = await plane.stops.ban(
      operator,
      { service: "shop", release: "1.1.0" },
      "it deletes carts",
    );
    expect(banned).toMatchObject({
      artifacts: ["worse server"],
      parts: "any",
      leftOut: ["assets"],
      revision: "b2",
    });
    const back = await plane.rollback(operator, dev, { reason: "carts" });
    expect(await ended(plane, back.id)).toMatchObject({
      state: "complete",
      release: { version: "1.0.0" },
    });
    const again = { service: "shop", release: "1.1.0" };
    await expect(plane.stops.ban(operator, again, "again")).rejects.toMatchObject({
      code: "conflict",
    });
    // What is wider is another ban.
    await plane.stops.ban(operator, { ...again, artifacts: ["assets"] }, "these too");
    expect(await refused("1.0.0")).toBe(true);
    await expect(
      plane.stops.ban(operator, { ...again, artifacts: ["nothing"] }, "x"),
    ).rejects.toMatchObject({ code: "not-found" });
  });

  it("is as narrow as it is said", async () => {
    await made("1.0.0", ["server", "assets"], "a1");
    const of = { service: "shop", release: "1.0.0", artifacts: ["server"] };
    expect(await plane.stops.ban(operator, of, "the build was bad")).toMatchObject({
      artifacts: ["server"],
      revision: null,
    });
    await made("1.1.0", ["server built anew", "assets"], "a1");
    expect(await Promise.all(["1.0.0", "1.1.0"].map(refused))).toEqual([true, false]);
  });

  it("of what waits denies it where it stands", async () => {
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    await brought(dev, "1.0.0");
    await plane.stops.stopLine(operator, "shop/production", "wait");
    const { id } = await plane.promote(operator, { ...production, release: "1.0.0" });
    await until(
      () => plane.showPromotion(id),
      (view) => view.waiting !== null,
    );
    await plane.stops.ban(operator, { service: "shop", release: "1.0.0" }, "it deletes carts");
    await plane.stops.clear(operator, "S-1", "go on");
    const view = await ended(plane, id);
    expect(view.state).toBe("failed");
    expect(view.message).toContain("it deletes carts");
  });
});

describe("automatic promotion", () => {
  const auto = { production: "      auto: true" };

  it("in production is its owners' to allow: a service's file that asks for it is refused", async () => {
    const apply = (text: string) => plane.applyDocuments(operator, "t.yaml", text);
    await expect(apply(documents(auto))).rejects.toThrow("1 problem");
    const others = documents({ ...auto, floor: "  autoPromotion: [cart]" });
    await expect(apply(others)).rejects.toThrow("1 problem");
    await apply(documents({ ...auto, floor: "  autoPromotion: [shop]" }));
  });

  it("stops when they forbid it, though the service's file stays as it was", async () => {
    await plane.applyDocuments(
      operator,
      "t.yaml",
      documents({ ...auto, floor: "  autoPromotion: allowed" }),
    );
    await plane.applyDocuments(
      operator,
      "t.yaml",
      documents({ floor: "  autoPromotion: forbidden" }).split("---").slice(0, 2).join("---"),
    );
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    await brought(dev, "1.0.0");
    await promoteAutomatically(worker.engine);
    expect(await plane.listPromotions({ ...production, limit: 5 })).toEqual([]);
  });
});
