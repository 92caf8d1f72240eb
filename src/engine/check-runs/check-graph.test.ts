import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import { slotKey } from "../../model/primitives.ts";
import type { Check } from "../../ports/check.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

const dev = { service: "shop", environment: "dev", release: "1.0.0" };
let bench: EngineBench;
let plane: ControlPlane;
/** What happened, in order: `+name` began, `-name` ended. */
let order: string[];

/** A check that writes down when it runs. */
function recorded(id: string, change: Partial<Check> = {}): Check {
  return {
    ...bench.staged.check,
    id,
    run: async (context) => {
      const name = context.run.split("/")[2] ?? "";
      order.push(`+${name}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
      try {
        return await bench.staged.check.run(context, {});
      } finally {
        order.push(`-${name}`);
      }
    },
    ...change,
  };
}

async function demanding(checks: string, adapters: readonly Check[], more = ""): Promise<void> {
  for (const check of adapters) bench.extra.set(check.id, check);
  plane = bench.worker().controlPlane;
  const dev = `      checks: [${checks}]\n${more}`;
  await plane.applyDocuments(operator, "t.yaml", documents({ dev }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
}

beforeEach(async () => {
  bench = await EngineBench.create();
  order = [];
});
afterEach(() => bench.close());

describe("the checks of a promotion", () => {
  it("run cheap ones together and first, then the dear ones", async () => {
    await demanding(
      "{name: dear, uses: dear}, {name: one, uses: cheap}, {name: two, uses: cheap}",
      [recorded("cheap"), recorded("dear", { cost: "expensive" })],
    );
    // Neither ends before both have begun.
    bench.staged.hold = until(
      () => order.length,
      (count) => count >= 2,
    ).then(() => undefined);
    const { id } = await plane.promote(operator, dev);
    expect((await ended(plane, id)).state).toBe("complete");
    expect(order.slice(0, 2).sort()).toEqual(["+one", "+two"]);
    expect(order.slice(-2)).toEqual(["+dear", "-dear"]);
  });

  it("record what was never begun as missing, with what failed", async () => {
    await demanding("{name: lint, uses: cheap, phase: static}, {name: dast, uses: dear}", [
      recorded("cheap"),
      recorded("dear", { cost: "expensive" }),
    ]);
    bench.staged.verdicts = ["fail"];
    const { id } = await plane.promote(operator, dev);
    const view = await ended(plane, id);
    expect(view.state).toBe("failed");
    expect(view.checks.map(({ name, report }) => [name, report?.verdict, report?.summary])).toEqual(
      expect.arrayContaining([
        ["lint", "fail", "staged fail"],
        ["dast", "missing", "never begun: check lint did not pass"],
      ]),
    );
    expect(order).toEqual(["+lint", "-lint"]);
  });

  it("show a failure at the step of the check that failed, though the promotion stood at another", async () => {
    await demanding(
      "{name: dast, uses: dear}, {name: stories, uses: cheap}, {name: load, uses: dear, phase: deployed}",
      [recorded("cheap"), recorded("dear", { cost: "expensive" })],
    );
    bench.staged.verdicts = ["fail"];
    const { id } = await plane.promote(operator, dev);
    const { steps, message } = await ended(plane, id);
    expect(message).toContain("check stories: fail");
    expect(steps.filter(({ kind }) => kind === "check")).toMatchObject([
      {
        title: expect.stringContaining("check dast"),
        state: "skipped",
        startedAt: null,
        message: "not begun: check stories did not pass",
      },
      {
        title: expect.stringContaining("check stories"),
        state: "failed",
        message: "check stories: fail: staged fail",
      },
      { state: "skipped", message: "not begun: check stories did not pass" },
    ]);
  });

  it("keep apart what would falsify each other", async () => {
    await demanding("{name: load, uses: load}, {name: latency, uses: latency}", [
      recorded("load", { disturbs: ["load"] }),
      recorded("latency", { sensitiveTo: ["load"] }),
    ]);
    const { id } = await plane.promote(operator, dev);
    expect((await ended(plane, id)).state).toBe("complete");
    expect(order).toEqual(["+load", "-load", "+latency", "-latency"]);
  });

  it("run what they need before, whatever it costs", async () => {
    await demanding("{name: cheap, uses: cheap, needs: [dear]}, {name: dear, uses: dear}", [
      recorded("cheap"),
      recorded("dear", { cost: "expensive" }),
    ]);
    const { id } = await plane.promote(operator, dev);
    expect((await ended(plane, id)).state).toBe("complete");
    expect(order).toEqual(["+dear", "-dear", "+cheap", "-cheap"]);
  });

  it("are tried again after an error of their own, and never after a finding", async () => {
    await demanding("{name: scan, uses: cheap, retries: 2}", [recorded("cheap")]);
    bench.staged.verdicts = ["error", "pass"];
    const shaky = await plane.promote(operator, dev);
    const mended = await ended(plane, shaky.id);
    expect([mended.state, mended.checks.length]).toEqual(["complete", 2]);
    bench.staged.verdicts = ["fail", "pass"];
    await plane.createRelease(operator, makeRelease(bench, "1.0.1"));
    const bad = await plane.promote(operator, { ...dev, release: "1.0.1" });
    const found = await ended(plane, bad.id);
    expect([found.state, found.checks.length]).toEqual(["failed", 1]);
  });

  it("are inconclusive below the declared minimum, and far below the last run", async () => {
    await demanding("{name: scan, uses: cheap, minimum: {requests: 2}}", [recorded("cheap")]);
    const { id } = await plane.promote(operator, dev);
    expect((await ended(plane, id)).checks[0]?.report).toMatchObject({ verdict: "inconclusive" });
    bench.staged.report = { exercised: { requests: 100, assertions: 1, files: 0 } };
    const good = await plane.promote(operator, dev);
    expect((await ended(plane, good.id)).state).toBe("complete");
    bench.staged.report = { exercised: { requests: 40, assertions: 1, files: 0 } };
    await plane.createRelease(operator, makeRelease(bench, "1.0.1"));
    const less = await plane.promote(operator, { ...dev, release: "1.0.1" });
    const view = await ended(plane, less.id);
    expect(view.state).toBe("failed");
    expect(view.checks[0]?.report?.summary).toContain("40 requests, and 100 the last time");
  });
});

it("says what an environment demands by its registered pipeline and the floor, as a plan would", async () => {
  await demanding("{name: scan, uses: cheap}", [recorded("cheap")]);
  const floor = "  floor: {checks: [{name: owners, uses: cheap, phase: static}]}";
  await plane.applyDocuments(operator, "t.yaml", documents({ floor }));
  expect(await plane.checks.demands("shop", "production")).toMatchObject({
    floor: ["owners"],
    pipeline: 2,
    checks: [{ name: "owners" }, { name: "smoke" }],
  });
  expect((await plane.checks.demands("shop", "dev")).floor).toEqual([]);
  await expect(plane.checks.demands("shop", "nowhere")).rejects.toMatchObject({
    code: "not-found",
    hint: "it names dev, production",
  });
});

describe("an intrusive check", () => {
  it("is refused in a plan without an idle colour, and on a live one", async () => {
    const attack = recorded("attack", { touch: "intrusive" });
    await demanding("{name: attack, uses: attack}", [attack]);
    const recreate = "      strategy: recreate\n      checks: [{name: attack, uses: attack}]";
    await expect(
      plane.applyDocuments(operator, "t.yaml", documents({ dev: recreate })),
    ).rejects.toMatchObject({ code: "invalid-input" });
    const floor = "  floor: {checks: [{name: attack, uses: attack, phase: live}]}";
    await expect(
      plane.applyDocuments(operator, "t.yaml", documents({ floor })),
    ).rejects.toMatchObject({ code: "invalid-input" });
    const { id } = await plane.promote(operator, dev);
    expect((await ended(plane, id)).state).toBe("complete");
    expect(order).toEqual(["+attack", "-attack"]);
  });

  it("is refused in a plan where a floor's demand meets a strategy that another file chose", async () => {
    await demanding("", [recorded("attack", { touch: "intrusive" })]);
    const floor = "  floor: {checks: [{name: attack, uses: attack}]}";
    const parts = documents({ floor, production: "      strategy: recreate" }).split("\n---\n");
    await plane.applyDocuments(operator, "environments.yaml", parts.slice(0, 2).join("\n---\n"));
    await plane.applyDocuments(operator, "pipeline.yaml", parts[2]!);
    const { id } = await plane.promote(operator, dev);
    expect((await ended(plane, id)).state).toBe("complete");
    await expect(
      plane.promote(operator, { ...dev, environment: "production" }),
    ).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining("check attack is intrusive, and with `strategy: recreate`"),
    });
  });

  it("does not begin where its colour has come to be live", async () => {
    await demanding("{name: attack, uses: attack}", [recorded("attack", { touch: "intrusive" })]);
    bench.host.events.on("effect", (method) => {
      if (method !== "slot.deploy") return;
      void bench.database.db.updateTable("lanes").set({ live_colour: "blue" }).execute();
    });
    const { id } = await plane.promote(operator, dev);
    expect((await ended(plane, id)).checks[0]?.report).toMatchObject({
      verdict: "error",
      summary: "refused: it is intrusive, and blue is live",
    });
    expect(order).toEqual([]);
  });

  it("does not begin where the router sends users to its colour by then", async () => {
    await demanding("{name: attack, uses: attack}", [recorded("attack", { touch: "intrusive" })]);
    bench.host.events.on("effect", () => {
      const route = bench.host.lanes.get("shop/dev")?.route;
      if (route) Object.assign(route, { weights: { blue: 100, green: 0 } });
    });
    const { id } = await plane.promote(operator, dev);
    const view = await ended(plane, id);
    expect(view.state).toBe("failed");
    expect(view.checks[0]?.report).toMatchObject({
      verdict: "error",
      summary: expect.stringContaining("the router sends users to blue"),
    });
    expect(order).toEqual([]);
  });
});

describe("whom a check tested", () => {
  const blue = slotKey({ service: "shop", environment: "dev", colour: "blue" });
  const slot = () => bench.host.slots.get(blue)!;

  it("stands in the report: before, during and after", async () => {
    await demanding("{name: scan, uses: cheap}", [recorded("cheap")]);
    const { id } = await plane.promote(operator, dev);
    const view = await ended(plane, id);
    expect(view.checks[0]?.report?.identity).toMatchObject({
      before: "bound",
      during: "bound",
      after: "bound",
      restarts: [],
      contradiction: null,
    });
  });

  it("counts at the gate as the weakest of what was shown, however well it was proven before", async () => {
    let release = (): void => undefined;
    bench.staged.hold = new Promise((resolve) => (release = resolve));
    await demanding("{name: scan, uses: cheap}", [recorded("cheap")], "      gate: strict");
    const { id } = await plane.promote(operator, dev);
    await until(
      () => order,
      (seen) => seen.includes("+scan"),
    );
    bench.host.grade = "none";
    release();
    const view = await ended(plane, id);
    expect(view.checks[0]?.report?.identity).toMatchObject({ before: "bound", after: "none" });
    expect(view.state).toBe("failed");
    expect(view.message).toContain("nothing shows which process answered");
  });

  it("makes the run void when another process takes the port over, and a retry needs a new proof", async () => {
    let release = (): void => undefined;
    bench.staged.hold = new Promise((resolve) => (release = resolve));
    await demanding("{name: scan, uses: cheap, retries: 1}", [recorded("cheap")]);
    const { id } = await plane.promote(operator, dev);
    await until(
      () => order,
      (seen) => seen.includes("+scan"),
    );
    slot().strangers.push(41_234);
    const view = await ended(plane, id);
    release();
    expect(view.state).toBe("failed");
    expect(view.checks).toHaveLength(2);
    for (const { report } of view.checks) {
      expect(report?.verdict).toBe("error");
      expect(report?.summary).toMatch(/^void: port 41234 is answered by another process/);
    }
    expect(order.filter((what) => what === "+scan")).toHaveLength(1);
  });

  it("makes it void when other instances stand there", async () => {
    let release = (): void => undefined;
    bench.staged.hold = new Promise((resolve) => (release = resolve));
    await demanding("{name: scan, uses: cheap}", [recorded("cheap")]);
    const { id } = await plane.promote(operator, dev);
    await until(
      () => order,
      (seen) => seen.includes("+scan"),
    );
    Object.assign(slot(), { spec: { ...slot().spec, generation: "somebody/else" } });
    const view = await ended(plane, id);
    release();
    expect(view.checks[0]?.report?.summary).toMatch(/^void: other instances stand there/);
  });

  it("is not void when an instance was started again from the same digest, and says so", async () => {
    let release = (): void => undefined;
    bench.staged.hold = new Promise((resolve) => (release = resolve));
    await demanding("{name: scan, uses: cheap}", [recorded("cheap")]);
    const { id } = await plane.promote(operator, dev);
    await until(
      () => order,
      (seen) => seen.includes("+scan"),
    );
    slot().pid = 200;
    release();
    const view = await ended(plane, id);
    expect(view.state).toBe("complete");
    expect(view.checks[0]?.report?.summary).toContain(
      "web-0 was started again from the same digest",
    );
  });
});

describe("a check that has an environment to itself", () => {
  it("makes another service's promotion wait, which says on whom", async () => {
    let release = (): void => undefined;
    bench.staged.hold = new Promise((resolve) => (release = resolve));
    const text = documents({ dev: "      checks: [{name: chaos, uses: cheap, exclusive: true}]" });
    await demanding("{name: chaos, uses: cheap, exclusive: true}", [recorded("cheap")]);
    const other = text
      .slice(text.indexOf("kind: Pipeline") - "apiVersion: tidelock.dev/v1\n".length)
      .replace("name: shop", "name: other")
      .replaceAll("{name: chaos, uses: cheap, exclusive: true}", "")
      .replace("command: [node, server.js]", "command: [node, server.js]\n      router: none")
      .replace("kind: tcp, timeout: 1s", "kind: alive, for: 1ms")
      .replace("router: none", "router: none\n      port: none")
      .replace("checks: [{ name: smoke, uses: staged }]", "checks: []");
    await plane.applyDocuments(operator, "o.yaml", other);
    await plane.createRelease(operator, { ...makeRelease(bench, "1.0.0"), service: "other" });
    const first = await plane.promote(operator, dev);
    await until(
      () => order,
      (seen) => seen.includes("+chaos"),
    );
    const second = await plane.promote(operator, { ...dev, service: "other" });
    const waiting = await until(
      () => plane.showPromotion(second.id),
      (view) => view.waiting !== null,
    );
    expect(waiting.waiting?.reason).toContain(
      `check chaos of ${first.id} (shop) has dev to itself`,
    );
    release();
    expect((await ended(plane, first.id)).state).toBe("complete");
    expect((await ended(plane, second.id)).state).toBe("complete");
  });
});
