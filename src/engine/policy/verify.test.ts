import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { verifyPack } from "../../audit/verify-pack.ts";
import { digestOf } from "../../model/canonical.ts";
import { decidedAgain } from "../../policy/again.ts";
import { evaluator } from "../../policy/decide.ts";
import { policyDigest } from "../../policy/policy-of.ts";
import { registeredEnvironment, registeredPipeline } from "../../store/queries/catalogue.ts";

let bench: EngineBench;
let worker: Worker;
beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  await worker.controlPlane.applyDocuments(operator, "tidelock.yaml", documents());
});
afterEach(() => bench.close());

async function ship(version: string, environment: string) {
  const { controlPlane } = worker;
  await controlPlane.createRelease(operator, makeRelease(bench, version)).catch(() => undefined);
  const request = { service: "shop", release: version, environment };
  return ended(controlPlane, (await controlPlane.promote(operator, request)).id);
}

async function policyNow(environment: string) {
  const pipeline = await registeredPipeline(bench.database.db, "shop");
  const owners = await registeredEnvironment(bench.database.db, environment);
  return policyDigest(pipeline!.document, owners!.document);
}

describe("what was decided", () => {
  it("names the policy in force, in the decision, its inputs and the ledger, and follows again from a pack", async () => {
    const { id } = await ship("1.0.0", "dev");
    const policy = await policyNow("dev");
    const kept = await worker.controlPlane.policy.decisions(id);
    expect(kept.length).toBeGreaterThan(1);
    for (const { decision, inputs } of kept) {
      expect(decision).toMatchObject({ policy, evaluator });
      expect(JSON.parse(inputs ?? "")).toMatchObject({ policy });
      const again = decidedAgain(decision, inputs, digestOf(JSON.parse(inputs ?? "")));
      expect(again).toEqual({ result: "same", recomputed: digestOf(decision), why: [] });
    }
    const { zip } = await worker.controlPlane.exportPack(operator, {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [],
    });
    const { report, decisions } = verifyPack(zip, null);
    expect(report.problems).toEqual([]);
    expect(decisions).toHaveLength(kept.length);
    for (const one of decisions) expect(one).toMatchObject({ result: "same", policy, evaluator });
    expect(decisions.map(({ recorded }) => recorded)).toEqual(
      kept.map(({ decision }) => digestOf(decision)),
    );
  });

  it("is under another policy after any document's policy changed, and under the same after anything else did", async () => {
    const before = await policyNow("production");
    const apply = (text: string) =>
      worker.controlPlane.applyDocuments(operator, "tidelock.yaml", text);
    await apply(documents({ production: "      drain: 31s" }));
    expect(await policyNow("production")).toBe(before);
    await apply(documents({ production: "      soak: 1s" }));
    expect(await policyNow("production")).not.toBe(before);
  });
});

describe("a replay", () => {
  it("says of every past decision what another file would have made of it, and changes nothing", async () => {
    const { controlPlane: plane } = worker;
    await ship("1.0.0", "dev");
    await ship("1.0.0", "production");
    const policy = await policyNow("production");
    const more = documents({
      floor: "  floor: { checks: [{ name: deep, uses: staged, with: { deep: true } }] }",
    });
    const ask = (filter: { service?: string; environment?: string }) =>
      plane.policy.replay("new.yaml", more, { sinceMs: 3_600_000, ...filter });
    const { counts, differing, changes } = await ask({});
    expect(changes).toEqual([
      expect.stringMatching(/^environment production: floor\.checks\.deep/),
    ]);
    expect(counts.decisions).toBe(4);
    expect(counts.same + counts.reasons + counts.differ + counts.unknown).toBe(4);
    expect(counts).toMatchObject({ stricter: 1, looser: 0, notAsked: 1, unknown: 0 });
    expect(differing).toMatchObject([
      {
        environment: "production",
        was: "allow",
        wouldBe: "deny",
        notAsked: ["check deep"],
        onlyNotAsked: true,
      },
    ]);
    expect((await ask({ environment: "dev" })).counts.differ).toBe(0);
    expect((await ask({ service: "nobody" })).counts.decisions).toBe(0);
    expect(await policyNow("production")).toBe(policy);
    expect(counts.already).toBe(0);
    // Once the file is in force all that it makes of the past differs already.
    await plane.applyDocuments(operator, "t.yaml", more);
    const again = await ask({});
    expect(again).toMatchObject({ changes: [], counts: { differ: 1, already: 1 } });
    expect(again.differing).toMatchObject([{ already: true }]);
    await bench.database.pool.query("delete from decision_inputs");
    expect((await ask({})).counts).toMatchObject({
      differ: 0,
      unknown: 4,
      why: { "its inputs are not kept any more": 4 },
    });
    const lost = await plane.applyDocuments(operator, "t.yaml", documents());
    expect(lost.policy?.replay).toContain("4 could not be made again");
  });
});
