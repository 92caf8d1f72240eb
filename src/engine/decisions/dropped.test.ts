import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import { verifyState } from "../ledger/verify-state.ts";

const production = { service: "shop", environment: "production" };

let bench: EngineBench;
let plane: ControlPlane;
beforeEach(async () => {
  bench = await EngineBench.create();
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
});
afterEach(() => bench.close());

const alone = { production: "      after: []" };
const demanded = { floor: "  floor: { after: [dev] }" };

async function promoted(release: string, environment = "production") {
  const { id } = await plane.promote(operator, { ...production, environment, release });
  return ended(plane, id);
}

it("a service's file that leaves out what comes first is denied where the environment's owners demand it", async () => {
  await plane.applyDocuments(operator, "t.yaml", documents({ ...alone, ...demanded }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const denied = await promoted("1.0.0");
  expect(denied).toMatchObject({ state: "failed" });
  expect(denied.message).toContain("dev has not verified this release");
  expect((await promoted("1.0.0", "dev")).state).toBe("complete");
  expect((await promoted("1.0.0")).state).toBe("complete");
});

it("so is a service that does not go there at all", async () => {
  const text = documents({ ...alone, ...demanded }).replace(/    - name: dev\n.*\n/, "");
  await plane.applyDocuments(operator, "t.yaml", text);
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const denied = await promoted("1.0.0");
  expect(denied).toMatchObject({ state: "failed" });
  expect(denied.message).toContain("dev has not verified this release");
});

it("where nobody demands it, a decision says what came first once and does not any more", async () => {
  await plane.applyDocuments(operator, "t.yaml", documents());
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    await plane.createRelease(operator, makeRelease(bench, version));
  }
  await promoted("1.0.0", "dev");
  const first = await promoted("1.0.0");
  const dropped = (view: typeof first) =>
    view.decision?.reasons.filter(({ rule }) => rule === "predecessor.dropped");
  expect(dropped(first)).toEqual([]);
  await plane.applyDocuments(operator, "t.yaml", documents(alone));
  const view = await promoted("1.1.0");
  expect(view.state).toBe("complete");
  expect(dropped(view)).toEqual([
    {
      outcome: "allow",
      rule: "predecessor.dropped",
      message:
        "dev came before it when what is live here came, and does not any more: the pipeline was changed",
    },
  ]);
  // What is live now came without it.
  expect(dropped(await promoted("1.2.0"))).toEqual([]);
  const { engine } = bench.worker();
  expect(await verifyState(engine.log, engine.db)).toMatchObject({ ok: true });
});
