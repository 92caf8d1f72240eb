import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import type { ScanKind } from "../../model/diversity.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;

beforeEach(async () => {
  bench = await EngineBench.create();
  const adapter = (id: string, scans: readonly ScanKind[], engine?: string) =>
    bench.extra.set(id, {
      ...bench.staged.check,
      id,
      scans,
      ...(engine === undefined ? {} : { engine }),
    });
  adapter("one", ["sast"]);
  adapter("two", ["sast", "iac"]);
  adapter("twin", ["sast"], "two");
  plane = bench.worker().controlPlane;
});
afterEach(() => bench.close());

const checks = (...uses: string[]) =>
  `      checks: [${uses.map((id, n) => `{ name: ${id}-${n}, uses: ${id} }`).join(", ")}]`;

it("a floor's demand is held against what the pipeline demands, when either is applied", async () => {
  const floor = (text: string) => `  floor: { diversity: ${text} }`;
  const apply = (dev: string, wanted: string) =>
    plane.applyDocuments(
      operator,
      "t.yaml",
      documents({ dev }).replace("  tier: development\n", `  tier: development\n${wanted}\n`),
    );
  await expect(apply(checks("two", "twin", "two"), floor("{ sast: 2 }"))).rejects.toMatchObject({
    code: "invalid-input",
    problems: [
      {
        where: expect.stringMatching(/^t\.yaml:\d+:\d+$/) as string,
        message:
          "`diversity` asks for 2 different programs of kind sast, and only two is demanded before the switch",
        hint: "demand another check of that kind (one), or ask for fewer",
      },
    ],
  });
  await apply(checks("two"), floor("{ sast: 1 }"));
  // The environment alone is tightened: the registered pipeline cannot follow.
  const [environment = ""] = documents({})
    .replace("  tier: development\n", `  tier: development\n${floor("{ sast: 2 }")}\n`)
    .split("\n---\n");
  await expect(plane.applyDocuments(operator, "dev.yaml", environment)).rejects.toMatchObject({
    problems: [{ where: "pipeline shop: environments.dev" }],
  });
  await apply(checks("two", "one"), floor("{ sast: 2, iac: 1 }"));
});

it("the gate counts what passed, and says what is missing", async () => {
  const dev = `      diversity: { sast: 2 }\n${checks("one", "two")}`;
  await plane.applyDocuments(operator, "t.yaml", documents({ dev }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const { id } = await plane.promote(operator, {
    service: "shop",
    environment: "dev",
    release: "1.0.0",
  });
  const view = await ended(plane, id);
  expect(view.state).toBe("complete");
  expect(view.decision?.reasons).toContainEqual({
    outcome: "allow",
    rule: "diversity",
    message: "2 of 2 different programs of kind sast passed: one, two",
  });
});

it("an out-of-band check that has not answered is no program that passed", async () => {
  const dev = `      diversity: { sast: 2 }
      checks:
        - { name: one, uses: one }
        - { name: two, uses: slow, phase: static, outOfBand: true }`;
  const answer = Promise.withResolvers<void>();
  bench.extra.set("slow", {
    ...bench.staged.check,
    id: "slow",
    scans: ["sast"],
    touch: "files",
    run: async (context) => {
      await answer.promise;
      return bench.staged.check.run(context, {});
    },
  });
  plane = bench.worker().controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents({ dev }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const { id } = await plane.promote(operator, {
    service: "shop",
    environment: "dev",
    release: "1.0.0",
  });
  const view = await ended(plane, id);
  answer.resolve();
  expect(view.state).not.toBe("complete");
  expect(view.decision?.reasons[0]).toEqual({
    outcome: "deny",
    rule: "diversity",
    message: "1 of 2 different programs of kind sast passed: one; not two",
  });
});
