import fc from "fast-check";
import { expect, it } from "vitest";
import {
  documents,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import type { Behaviour } from "../../../test/support/fake-host.ts";
import { asTidelockError } from "../../model/errors.ts";
import { hasEnded } from "../../model/promotion.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

/** What people, machines and accidents may do to one lane, in any order. */
type Move =
  | { readonly kind: "promote"; readonly version: number }
  | { readonly kind: "rollback" }
  | { readonly kind: "abort" }
  | { readonly kind: "sick" }
  | { readonly kind: "agent-blinks" }
  | { readonly kind: "worker-changes" };

const dev = { service: "shop", environment: "dev" };
const versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
/** What people are told when a wish cannot be met; anything else is a bug. */
const refusals = ["conflict", "not-found", "denied", "unavailable"];

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("promote" as const), version: fc.nat(3) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("rollback" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("abort" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sick" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("agent-blinks" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("worker-changes" as const) }) },
);
const behaviours = fc.array(fc.constantFrom<Behaviour>("ready", "ready", "ready", "crashes"), {
  minLength: versions.length,
  maxLength: versions.length,
});
const steps = fc.array(fc.tuple(move, fc.constantFrom(0, 5, 40, 150)), {
  minLength: 3,
  maxLength: 8,
});

async function make(bench: EngineBench, plane: ControlPlane, step: Move): Promise<void> {
  const newest = async () => (await plane.listPromotions({ ...dev, limit: 1 }))[0];
  switch (step.kind) {
    case "promote":
      await plane.promote(operator, { ...dev, release: versions[step.version] ?? "1.0.0" });
      return;
    case "rollback":
      await plane.rollback(operator, dev, { reason: "a wish" });
      return;
    case "abort": {
      const promotion = await newest();
      if (promotion) await plane.abort(operator, promotion.id);
      return;
    }
    case "sick": {
      const colour = bench.host.live("shop/dev");
      if (colour) bench.host.makeSick({ ...dev, colour });
      return;
    }
    case "agent-blinks":
      bench.host.away = true;
      await new Promise((resolve) => setTimeout(resolve, 40));
      bench.host.away = false;
      return;
    case "worker-changes": {
      const old = bench.workers.shift();
      bench.worker();
      await old?.reconciler.stop();
      return;
    }
  }
}

/** What must be true once everything has come to rest. */
async function expectLaws(bench: EngineBench, plane: ControlPlane): Promise<void> {
  const { db } = bench.database;
  const lane = await db
    .selectFrom("lanes")
    .selectAll()
    .where("environment", "=", "dev")
    .executeTakeFirstOrThrow();
  // Rows and machine agree on what users meet, and it is there.
  expect(bench.host.live("shop/dev")).toBe(lane.live_colour);
  if (lane.live_colour) {
    const seen = bench.host.observe({ ...dev, colour: lane.live_colour });
    expect(seen.deployed).toMatchObject({ release: lane.live_release, bindings: "live" });
  }
  // Exactly the live one is the open deployment.
  const open = await db
    .selectFrom("deployments")
    .select("release")
    .where("until_at", "is", null)
    .execute();
  expect(open.map((one) => one.release)).toEqual(lane.live_release ? [lane.live_release] : []);
  // Nothing is left on a colour that is neither live nor the way back.
  const kept = [lane.live_colour, lane.old_colour].filter((colour) => colour !== null);
  const there = [...bench.host.slots.keys()].map((key) => key.split("/")[2]);
  expect(there.filter((colour) => !kept.some((one) => one === colour))).toEqual([]);
  // No effect without an intent (law 1), and no promotion that ended without saying why.
  const entries = await db
    .selectFrom("ledger_entries")
    .select("operation")
    .where("kind", "=", "effect.intent")
    .execute();
  const intents = new Set(entries.map((entry) => entry.operation));
  for (const effect of bench.host.effects) {
    expect(intents).toContain(effect.operation.replace(/#\d+$/, ""));
  }
  for (const promotion of await plane.listPromotions({ ...dev, limit: 50 })) {
    expect(promotion.message).not.toBe("");
    expect(promotion.message).not.toContain("our bug");
  }
}

it("whatever people and machines do to a lane, it comes to rest with rows and machine agreeing", async () => {
  await fc.assert(
    fc.asyncProperty(behaviours, steps, async (behave, moves) => {
      const bench = await EngineBench.create();
      try {
        const plane = bench.observer();
        bench.worker();
        bench.worker();
        await plane.applyDocuments(operator, "t.yaml", documents());
        for (const [place, version] of versions.entries()) {
          bench.host.behaviours.set(`shop@${version}`, behave[place] ?? "ready");
          await plane.createRelease(operator, makeRelease(bench, version));
        }
        for (const [step, pauseMs] of moves) {
          await make(bench, plane, step).catch((error: unknown) => {
            if (!refusals.includes(asTidelockError(error).code)) throw error;
          });
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
        await until(
          () => plane.listPromotions({ ...dev, limit: 50 }),
          (all) => all.every((promotion) => hasEnded(promotion.state)),
          30_000,
        );
        await expectLaws(bench, plane);
      } finally {
        await bench.close();
      }
    }),
    { numRuns: Number(process.env["TIDELOCK_PROPERTY_RUNS"] ?? 8), endOnFailure: true },
  );
}, 240_000);
