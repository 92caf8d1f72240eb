import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ControlPlane } from "../../ports/control-plane.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import { clockGuard } from "./clock-guard.ts";

const production = { service: "shop", environment: "production" };

let bench: EngineBench;
beforeEach(async () => {
  bench = await EngineBench.create();
});
afterEach(() => bench.close());

/** A freeze around now, as its owners write it. */
function frozen(to = new Date(Date.now() + 3_600_000)): string {
  const from = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+/, "");
  const end = to.toISOString().replace(/\.\d+/, "");
  return `  freezes: [{ name: year-end, from: "${from}", to: "${end}", reason: the books are closed, owner: finance }]`;
}

async function prepared(plane: ControlPlane, ...versions: readonly string[]): Promise<void> {
  await plane.applyDocuments(operator, "t.yaml", documents());
  for (const version of versions) {
    await plane.createRelease(operator, makeRelease(bench, version));
    const { id } = await plane.promote(operator, {
      service: "shop",
      environment: "dev",
      release: version,
    });
    await ended(plane, id);
  }
}

async function promoted(plane: ControlPlane, release: string): Promise<void> {
  const { id } = await plane.promote(operator, { ...production, release });
  expect(await ended(plane, id)).toMatchObject({ state: "complete" });
}

describe("a freeze", () => {
  it("lets nothing begin, says until when, why and whose it is, and is over when it is taken out", async () => {
    const { controlPlane: plane } = bench.worker();
    await prepared(plane, "1.0.0");
    await plane.applyDocuments(operator, "t.yaml", documents({ floor: frozen() }));
    const { decision } = await plane.plan({ ...production, release: "1.0.0" });
    expect(decision.outcome).toBe("wait");
    const { id } = await plane.promote(operator, { ...production, release: "1.0.0" });
    const waits = await until(
      () => plane.showPromotion(id),
      (view) => view.waiting !== null,
    );
    expect(waits.waiting?.reason).toContain("the freeze year-end of finance holds until");
    expect(waits.waiting?.reason).toContain("(the books are closed); it may go from");
    expect(waits.waiting?.until).toBe(decision.until);
    expect(waits.steps.filter(({ state }) => state === "done")).toEqual([]);
    await plane.applyDocuments(operator, "t.yaml", documents());
    expect(await ended(plane, id)).toMatchObject({ state: "complete" });
  });

  it("that comes between the gate and the switch holds the traffic where it is", async () => {
    let reached: (() => void) | null = null;
    const { controlPlane: plane } = bench.worker({
      hooks: {
        reach: async (point) => {
          if (point !== "switch:begin" || reached === null) return;
          const freeze = reached;
          reached = null;
          await plane.applyDocuments(operator, "t.yaml", documents({ floor: frozen() }));
          freeze();
        },
      },
    });
    await prepared(plane, "1.0.0", "1.1.0");
    await promoted(plane, "1.0.0");
    const freezes = new Promise<void>((resolve) => (reached = resolve));
    const { id } = await plane.promote(operator, { ...production, release: "1.1.0" });
    await freezes;
    const waits = await until(
      () => plane.showPromotion(id),
      (view) => view.waiting !== null && view.waiting.reason.includes("freeze"),
    );
    expect(waits.steps.find(({ kind }) => kind === "gate")).toMatchObject({ state: "done" });
    const [, lane] = await plane.status({ service: "shop" });
    expect(lane?.live?.version).toBe("1.0.0");
  });

  it("that comes between a stop and the start lets the release before come back", async () => {
    let armed = false;
    const recreated = (floor = "") => documents({ floor, production: "      strategy: recreate" });
    const { controlPlane: plane } = bench.worker({
      hooks: {
        reach: async (point) => {
          if (point !== "deploy:begin" || !armed) return;
          armed = false;
          await plane.applyDocuments(operator, "t.yaml", recreated(frozen()));
        },
      },
    });
    await prepared(plane, "1.0.0", "1.1.0");
    await plane.applyDocuments(operator, "t.yaml", recreated());
    await promoted(plane, "1.0.0");
    armed = true;
    const { id } = await plane.promote(operator, { ...production, release: "1.1.0" });
    const view = await ended(plane, id);
    expect(view).toMatchObject({ state: "failed" });
    expect(view.message).toContain("not started, and the release before it comes back: the freeze");
    expect(view.steps.filter(({ kind, state }) => kind === "deploy" && state === "done")).toEqual(
      [],
    );
    const [, lane] = await plane.status({ service: "shop" });
    expect(lane?.live?.version).toBe("1.0.0");
  });

  it("holds up no return, and stands in its reasons", async () => {
    const { controlPlane: plane, engine } = bench.worker();
    await prepared(plane, "1.0.0", "1.1.0");
    await promoted(plane, "1.0.0");
    await promoted(plane, "1.1.0");
    await plane.applyDocuments(operator, "t.yaml", documents({ floor: frozen() }));
    // The old colour is gone, so that the way back has gates.
    await engine.db
      .updateTable("lanes")
      .set({ retire_at: new Date(0) })
      .execute();
    await until(
      () => engine.db.selectFrom("lanes").select("old_colour").execute(),
      (rows) => rows.every(({ old_colour }) => old_colour === null),
    );
    const back = await plane.rollback(operator, production, { reason: "prices are wrong" });
    const view = await ended(plane, back.id);
    expect(view).toMatchObject({ state: "complete", release: { version: "1.0.0" } });
    const said = view.decision?.reasons.filter(({ rule }) => rule === "window");
    expect(said).toEqual([
      {
        outcome: "allow",
        rule: "window",
        message: expect.stringContaining("a return of traffic is not held up by it"),
      },
    ]);
  });
});

describe("the clock", () => {
  const at = (minutes: number): Date => new Date(Date.UTC(2026, 10, 22) + minutes * 60_000);

  it("that is set forward opens no window for ten minutes, and none by going back", () => {
    for (const by of [480, -480]) {
      const engine = { db: {} } as Parameters<typeof clockGuard>[0];
      expect(clockGuard(engine, at(0), 0)).toBeNull();
      expect(clockGuard(engine, at(1), 60_000)).toBeNull();
      expect(clockGuard(engine, at(2 + by), 120_000)).toEqual({
        message: expect.stringContaining(`set ${by > 0 ? "forward" : "back"} by 8h`),
        until: at(12 + by).toISOString(),
      });
      expect(clockGuard(engine, at(11 + by), 660_000)).not.toBeNull();
      expect(clockGuard(engine, at(13 + by), 780_000)).toBeNull();
    }
  });
});
