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
import { importJournal } from "../lanes/journal-import.ts";

let bench: EngineBench;
let worker: Worker;
const dev = { service: "shop", environment: "dev" };
const watched = documents().replace("for: 20ms", "for: 1m");

beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  const { controlPlane } = worker;
  await controlPlane.applyDocuments(operator, "t.yaml", documents());
  await controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  await controlPlane.createRelease(operator, makeRelease(bench, "1.1.0"));
  const first = await controlPlane.promote(operator, { ...dev, release: "1.0.0" });
  await ended(controlPlane, first.id);
  await controlPlane.applyDocuments(operator, "t.yaml", watched);
});

afterEach(() => bench.close());

/** Promotes 1.1.0 until its traffic has moved and is watched. */
async function moved(): Promise<string> {
  const { controlPlane } = worker;
  const { id } = await controlPlane.promote(operator, { ...dev, release: "1.1.0" });
  await until(
    () => controlPlane.showPromotion(id),
    (view) => view.steps.some((step) => step.kind === "watch" && step.state === "waiting"),
  );
  return id;
}

describe("traffic that the agent has returned by itself", () => {
  it("is noticed by the watch, and the promotion ends as rolled back", async () => {
    const id = await moved();
    bench.host.returnByItself("shop/dev", "green has no ready instance");
    const view = await ended(worker.controlPlane, id);
    expect(view).toMatchObject({ state: "rolled-back" });
    expect(view.message).toContain("host agent returned traffic to blue");
    expect(view.message).toContain("green has no ready instance");
    const [lane] = await worker.controlPlane.status({});
    expect(lane).toMatchObject({ live: { version: "1.0.0", colour: "blue" } });
    expect(bench.host.slots.has("shop/dev/green")).toBe(false);
  });

  it("while every server was gone is taken in before anything else", async () => {
    const id = await moved();
    await worker.reconciler.stop();
    bench.host.returnByItself("shop/dev", "no control plane was heard for 15000 ms");
    const next = bench.worker().controlPlane;
    expect(await ended(next, id)).toMatchObject({ state: "rolled-back" });
    expect(bench.host.live("shop/dev")).toBe("blue");
    const deployments = await next.listDeployments({ ...dev, limit: 10 });
    expect(deployments.map((one) => [one.release.version, one.until === null])).toEqual([
      ["1.0.0", true],
      ["1.1.0", false],
      ["1.0.0", false],
    ]);
  });

  it("before the server could record its switch is not switched forward again", async () => {
    await worker.reconciler.stop();
    const { controlPlane } = worker;
    const { id } = await controlPlane.promote(operator, { ...dev, release: "1.1.0" });
    const dying = bench.worker({
      hooks: {
        reach: async (point) => {
          if (point !== "switch:after-effect") return;
          bench.host.returnByItself("shop/dev", "green died at once");
          await new Promise(() => undefined);
        },
      },
    });
    await until(
      () => bench.host.journal.length,
      (count) => count === 1,
    );
    await importJournal(dying.engine);
    expect(await ended(bench.worker().controlPlane, id)).toMatchObject({ state: "rolled-back" });
    expect(bench.host.live("shop/dev")).toBe("blue");
    expect(bench.host.effects.filter((one) => one.operation.includes("/switch"))).toHaveLength(2);
    // The one that hangs at its point would hold up the end of the test.
    bench.workers.splice(bench.workers.indexOf(dying), 1);
  });
});

describe("the agent's journal", () => {
  it("is stored once, however often it is read, and cannot be changed", async () => {
    bench.host.note({ kind: "start", lane: null, operation: null, detail: {} });
    bench.host.note({ kind: "adopt", lane: null, operation: null, detail: {} });
    await Promise.all([importJournal(worker.engine), importJournal(worker.engine)]);
    await importJournal(bench.worker().engine);
    const { db } = bench.database;
    const rows = await db.selectFrom("agent_journal").select(["sequence", "kind"]).execute();
    expect(rows).toEqual([
      { sequence: 1, kind: "start" },
      { sequence: 2, kind: "adopt" },
    ]);
    await expect(db.deleteFrom("agent_journal").execute()).rejects.toThrow("append-only");
  });

  it("is not believed where an entry was changed, and nothing of that batch is kept", async () => {
    bench.host.note({ kind: "start", lane: null, operation: null, detail: {} });
    bench.host.note({ kind: "stop", lane: null, operation: null, detail: {} });
    const [first] = bench.host.journal;
    if (first) bench.host.journal[0] = { ...first, kind: "forged" };
    await expect(importJournal(worker.engine)).rejects.toMatchObject({ code: "digest-mismatch" });
    const rows = await bench.database.db.selectFrom("agent_journal").selectAll().execute();
    expect(rows).toEqual([]);
  });

  it("is refused from an agent that shows another key than before", async () => {
    bench.host.note({ kind: "start", lane: null, operation: null, detail: {} });
    await importJournal(worker.engine);
    await bench.database.db.updateTable("agents").set({ public_key: "another" }).execute();
    await expect(importJournal(worker.engine)).rejects.toMatchObject({ code: "digest-mismatch" });
  });
});
