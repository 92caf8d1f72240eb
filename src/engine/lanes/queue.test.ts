import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { nextQueued } from "../../store/queries/promotions.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let worker: Worker;
let plane: ControlPlane;
const dev = { service: "shop", environment: "dev" };
const production = { service: "shop", environment: "production" };

beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  plane = worker.controlPlane;
  await plane.applyDocuments(operator, "tidelock.yaml", documents());
});

afterEach(() => bench.close());

async function releases(...versions: string[]): Promise<void> {
  for (const version of versions) {
    await plane.createRelease(operator, makeRelease(bench, version));
  }
}

const promote = (version: string, lane = dev) =>
  plane.promote(operator, { ...lane, release: version });

describe("the queue of a lane", () => {
  it("runs one at a time in the order of acceptance, each planned from what is then live", async () => {
    await releases("1.0.0", "1.1.0", "1.2.0");
    const accepted = await Promise.all(["1.0.0", "1.1.0", "1.2.0"].map((one) => promote(one)));
    const all = await Promise.all(accepted.map(({ id }) => ended(plane, id)));
    expect(all.map((one) => one.state)).toEqual(["complete", "complete", "complete"]);
    const deployments = await plane.listDeployments({ ...dev, limit: 10 });
    const order = deployments.map((one) => one.release.version).toReversed();
    const byAcceptance = [...all].sort((a, b) => a.createdAt.localeCompare(b.createdAt));
    expect(order).toEqual(byAcceptance.map((one) => one.release.version));
    expect(all.map((one) => one.colour).sort()).toEqual(["blue", "blue", "green"]);
  });

  it("starts nothing that is being aborted at this very moment", async () => {
    await worker.reconciler.stop();
    await releases("1.0.0");
    const { id } = await promote("1.0.0");
    const { db } = bench.database;
    const [aborted, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const aborting = db.transaction().execute(async (tx) => {
      await tx.updateTable("promotions").set({ state: "aborted" }).where("id", "=", id).execute();
      aborted.resolve();
      await mayCommit.promise;
    });
    await aborted.promise;
    const looking = db.transaction().execute((tx) => nextQueued(tx, dev));
    setTimeout(mayCommit.resolve, 100);
    expect(await looking).toBeUndefined();
    await aborting;
  });

  it("gives two operators who ask for the same at once what they want, once", async () => {
    await releases("1.0.0");
    const accepted = await Promise.all([promote("1.0.0"), promote("1.0.0")]);
    const all = await Promise.all(accepted.map(({ id }) => ended(plane, id)));
    expect(all.map((one) => one.state).sort()).toEqual(["complete", "superseded"]);
    expect(bench.host.effects.filter((one) => one.method === "slot.deploy")).toHaveLength(2);
  });

  it("answers the same key with the same promotion, and another request under it with a conflict", async () => {
    await releases("1.0.0", "1.1.0");
    const request = { ...dev, release: "1.0.0", idempotencyKey: "the-same-key" };
    const [one, two] = await Promise.all([
      plane.promote(operator, request),
      plane.promote(operator, request),
    ]);
    expect(one.id).toBe(two.id);
    await expect(plane.promote(operator, { ...request, release: "1.1.0" })).rejects.toMatchObject({
      code: "conflict",
    });
  });
});

describe("an abort", () => {
  it("ends a queued promotion at once", async () => {
    // However slow this machine is, the first one must still be starting when it is aborted.
    const patient = documents().replace("timeout: 1s", "timeout: 1m");
    await plane.applyDocuments(operator, "tidelock.yaml", patient);
    await releases("1.0.0", "1.1.0");
    bench.host.behaviours.set("shop@1.0.0", "never-ready");
    const first = await promote("1.0.0");
    const second = await promote("1.1.0");
    expect(await plane.abort(operator, second.id)).toMatchObject({ state: "aborted" });
    await plane.abort(operator, first.id);
    expect(await ended(plane, first.id)).toMatchObject({ state: "aborted" });
    expect(bench.host.slots.size).toBe(0);
    await expect(plane.abort(operator, first.id)).rejects.toMatchObject({ code: "conflict" });
  });

  it("while a check runs stops waiting for it and leaves the live colour alone", async () => {
    await releases("1.0.0");
    await ended(plane, (await promote("1.0.0")).id);
    bench.staged.hold = new Promise(() => undefined);
    const running = await promote("1.0.0", production);
    await until(
      () => bench.staged.runs.length,
      (count) => count === 1,
    );
    await plane.abort(operator, running.id);
    expect(await ended(plane, running.id)).toMatchObject({ state: "aborted" });
    expect(bench.host.slots.has("shop/production/blue")).toBe(false);
  });

  it("after the switch returns the traffic before anything is removed", async () => {
    await releases("1.0.0", "1.1.0");
    await ended(plane, (await promote("1.0.0")).id);
    await plane.applyDocuments(operator, "t.yaml", documents().replace("for: 20ms", "for: 1m"));
    const running = await promote("1.1.0");
    await until(
      () => plane.status({}),
      ([lane]) => lane?.live?.colour === "green",
    );
    await plane.abort(operator, running.id);
    expect(await ended(plane, running.id)).toMatchObject({ state: "aborted" });
    expect(bench.host.live("shop/dev")).toBe("blue");
    const last = bench.host.effects.map((one) => one.method).slice(-3);
    expect(last).toEqual(["route.set", "return.disarm", "slot.destroy"]);
    const [lane] = await plane.status({});
    expect(lane?.live?.version).toBe("1.0.0");
  });
});

describe("a retry", () => {
  it("is a new promotion with the newest configuration", async () => {
    await releases("1.0.0");
    const needs = makeRelease(bench, "2.0.0", { configuration: ["PRICE_FILE"] });
    await plane.createRelease(operator, needs);
    const failed = await ended(plane, (await promote("2.0.0")).id);
    expect(failed.state).toBe("failed");
    expect(failed.message).toContain("PRICE_FILE");
    await plane.applyConfiguration(operator, {
      kind: "Configuration",
      formatVersion: 1,
      ...dev,
      values: { PRICE_FILE: "prices.json" },
      secrets: {},
      isolated: { values: {}, secrets: {} },
      delivery: "files",
    });
    const again = await plane.retry(operator, failed.id);
    expect(again.id).not.toBe(failed.id);
    const done = await ended(plane, again.id);
    expect(done).toMatchObject({ state: "complete", configuration: { version: 2 } });
    await expect(plane.retry(operator, done.id)).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("waiting", () => {
  it("for a soak is a column with its end, and needs no worker", async () => {
    await plane.applyDocuments(operator, "t.yaml", documents({ dev: "      soak: 700ms" }));
    await releases("1.0.0");
    await ended(plane, (await promote("1.0.0")).id);
    const running = await promote("1.0.0", production);
    const waits = await until(
      () => plane.showPromotion(running.id),
      (view) => view.waiting !== null,
    );
    expect(waits.waiting).toMatchObject({ reason: expect.stringContaining("soaks in dev") });
    expect(Date.parse(waits.waiting?.until ?? "")).toBeGreaterThan(Date.now() - 1_000);
    expect(await ended(plane, running.id)).toMatchObject({ state: "complete" });
  });

  it("for the agent says so, fails nothing, and goes on when it is back", async () => {
    await releases("1.0.0");
    bench.host.away = true;
    const running = await promote("1.0.0");
    const waits = await until(
      () => plane.showPromotion(running.id),
      (view) => view.waiting !== null || view.state === "queued",
    );
    expect(["queued", "running"]).toContain(waits.state);
    bench.host.away = false;
    expect(await ended(plane, running.id)).toMatchObject({ state: "complete" });
  });

  it("ends when the promotion's time is over", async () => {
    await plane.applyDocuments(operator, "t.yaml", documents({ dev: "      timeout: 300ms" }));
    await releases("1.0.0");
    bench.host.behaviours.set("shop@1.0.0", "never-ready");
    const failed = await ended(plane, (await promote("1.0.0")).id);
    expect(failed).toMatchObject({ state: "failed" });
    expect(failed.message).toContain("not complete within");
  });
});

describe("a plan of another program", () => {
  it("is refused visibly, and can be aborted", async () => {
    await releases("1.0.0");
    const blocker = await promote("1.0.0");
    await ended(plane, blocker.id);
    await worker.reconciler.stop();
    await releases("1.1.0");
    const odd = await promote("1.1.0");
    const { db } = bench.database;
    const { plan } = await db
      .selectFrom("promotions")
      .select("plan")
      .where("id", "=", odd.id)
      .executeTakeFirstOrThrow();
    await db
      .updateTable("promotions")
      .set({ plan: JSON.stringify({ ...plan, formatVersion: 2 }), state: "running" })
      .where("id", "=", odd.id)
      .execute();
    const other = bench.worker().controlPlane;
    const waits = await until(
      () => other.showPromotion(odd.id),
      (view) => view.waiting !== null,
    );
    expect(waits.waiting?.reason).toContain("format 2");
    expect(waits.waiting?.who).toContain("version of Tidelock");
    await other.abort(operator, odd.id);
    expect(await ended(other, odd.id)).toMatchObject({ state: "aborted" });
  });
});

describe("a promotion that nobody can carry out any more", () => {
  const stopped = async (change: (id: string) => Promise<unknown>, state?: "running") => {
    await releases("1.0.0");
    await worker.reconciler.stop();
    const { id } = await promote("1.0.0");
    await change(id);
    if (state) {
      await bench.database.db
        .updateTable("promotions")
        .set({ state })
        .where("id", "=", id)
        .execute();
    }
    const other = bench.worker().controlPlane;
    const view = await ended(other, id);
    expect(view.message).toContain("tidelock promote shop@1.0.0 --to dev");
    return { view, other };
  };
  const damage = (id: string) =>
    bench.database.pool.query("update promotions set plan = '{}' where id = $1", [id]);
  const lose = (kind: string) =>
    bench.database.pool.query("delete from documents where kind = $1", [kind]);

  it("fails visibly in the queue when its plan cannot be read, and the next one goes on", async () => {
    const { view, other } = await stopped(damage);
    expect(view.state).toBe("failed");
    expect(view.message).toContain("it cannot start: this promotion's plan cannot be read");
    expect(
      (await ended(other, (await other.promote(operator, { ...dev, release: "1.0.0" })).id)).state,
    ).toBe("complete");
  });

  it("fails visibly before anything was done when its plan is damaged while it runs", async () => {
    const { view } = await stopped(damage, "running");
    expect(view.state).toBe("failed");
  });

  it.each(["Pipeline", "Environment"])("fails when its %s document is gone", async (kind) => {
    const { view } = await stopped(() => lose(kind));
    expect(view.state).toBe("failed");
    expect(view.message).toContain(`the ${kind} document that it was planned under`);
  });

  it("fails at its gate when a document was changed under it", async () => {
    const other = `update documents set content = jsonb_set(content, '{spec,floor,gate}', '"strict"') where kind = 'Environment'`;
    const { view } = await stopped(() => bench.database.pool.query(other));
    expect(view.state).toBe("failed");
    expect(view.message).toContain("holds something else than its digest says");
  });
});

describe("automatic promotion", () => {
  it("starts with what its predecessors verified and soaked, once a release", async () => {
    await plane.applyDocuments(
      operator,
      "t.yaml",
      documents({
        dev: "      soak: 300ms",
        production: "      auto: true",
        floor: "  autoPromotion: [shop]",
      }),
    );
    const engineWorker = new (await import("../worker.ts")).EngineWorker(worker.engine);
    engineWorker.start();
    await releases("1.0.0");
    await ended(plane, (await promote("1.0.0")).id);
    const started = await until(
      () => plane.listPromotions({ ...production, limit: 5 }),
      (list) => list.length > 0,
    );
    expect(started).toMatchObject([{ createdBy: "auto" }]);
    expect(await ended(plane, started[0]?.id ?? "")).toMatchObject({ state: "complete" });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await plane.listPromotions({ ...production, limit: 5 })).toHaveLength(1);
    await engineWorker.stop();
  });
});
