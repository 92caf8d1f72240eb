import { afterEach, beforeEach, expect, it } from "vitest";
import { enrolApprover } from "../../../test/support/approvals-lab.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import { manual } from "../../checks/manual/index.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;

beforeEach(async () => {
  bench = await EngineBench.create();
  bench.extra.set("manual", manual);
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
});
afterEach(() => bench.close());

const qa = `      checks: [{ name: qa, uses: manual, with: { kind: checklist, role: qa, items: [
        { id: basket, text: The basket keeps what was put in } ] } }]`;

it("says which tests run where, what they said last and where that is logged, from what is registered and ran", async () => {
  const floor = "  floor: { checks: [{ name: floor-smoke, uses: staged, phase: static }] }";
  await plane.applyDocuments(operator, "t.yaml", documents({ floor }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const before = await plane.catalogue.tests({});
  expect(
    before.map(({ environment, check, from, last }) => [environment, check, from, last]),
  ).toEqual(
    expect.arrayContaining([
      ["production", "smoke", "pipeline", null],
      ["production", "floor-smoke", "floor", null],
    ]),
  );
  const lane = { service: "shop", release: "1.0.0" };
  await ended(plane, (await plane.promote(operator, { ...lane, environment: "dev" })).id);
  const { id } = await plane.promote(operator, { ...lane, environment: "production" });
  await ended(plane, id);
  const [smoke] = (await plane.catalogue.tests({ environment: "production" })).filter(
    ({ check }) => check === "smoke",
  );
  expect(smoke).toMatchObject({
    runs: 1,
    passed: 1,
    when: "on the idle colour, before traffic moves",
    last: { promotion: id, release: "1.0.0", verdict: "pass" },
  });
  const [tool] = (await plane.catalogue.tools({})).filter(({ tool }) => tool === "staged");
  expect(tool?.places.map(({ environment, check }) => `${environment}/${check}`)).toEqual(
    expect.arrayContaining(["production/smoke", "production/floor-smoke"]),
  );
  expect(await plane.catalogue.tests({ service: "pay" })).toEqual([]);
});

it("says what people are asked, who may answer, and that somebody is waited for", async () => {
  await enrolApprover(plane, "quinn@shop.example", []);
  const right = { right: "checks.answer:qa", service: null, environment: "dev" };
  await plane.people.grant(operator, { name: "quinn@shop.example", ...right });
  await plane.applyDocuments(operator, "t.yaml", documents({ dev: qa }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  expect(await plane.catalogue.manual({})).toMatchObject([
    {
      environment: "dev",
      check: "qa",
      role: "qa",
      holders: ["quinn@shop.example"],
      asks: ["basket: The basket keeps what was put in"],
      next: { state: "never", at: null },
      last: null,
    },
  ]);
  await plane.promote(operator, { service: "shop", environment: "dev", release: "1.0.0" });
  const waiting = await until(
    () => plane.catalogue.manual({ environment: "dev" }),
    ([one]) => one?.next.state === "waiting",
  );
  expect(waiting[0]?.history).toHaveLength(1);
});

it("says who had a hand in a release on its way, and what is not proven of it", async () => {
  const jo = { id: "jo@shop.example" };
  await plane.applyDocuments(operator, "t.yaml", documents());
  const author = { email: "maria@shop.example", name: "Maria" };
  const commit = { revision: "a".repeat(40), subject: "change", at: "2026-01-01T00:00:00Z" };
  const commits = [{ ...commit, author, committer: author, coAuthors: [] }];
  const source = {
    kind: "git",
    revision: commit.revision,
    dirty: false,
    truncated: false,
    commits,
  };
  await plane.createRelease(jo, makeRelease(bench, "1.0.0", { source } as never));
  const lane = { service: "shop", environment: "dev", release: "1.0.0" };
  await ended(plane, (await plane.promote(operator, lane)).id);
  const { items, governance } = await plane.releaseChain("shop", "1.0.0");
  expect(governance).toBe("solo");
  const chain = items[0]?.chain.map(({ stage, who, proven }) => [stage, who, proven]);
  expect(chain).toEqual(
    expect.arrayContaining([
      ["wrote", "maria@shop.example", false],
      ["handed in", "jo@shop.example", true],
      ["promoted", "a shared token, or nobody knows", false],
    ]),
  );
});
