import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { documents, ended, EngineBench, makeRelease, operator, type Worker } from "../../../test/support/engine-bench.ts"; // prettier-ignore

let bench: EngineBench;
let worker: Worker;
const floor = `  floor:
    requirements:
      - { id: PCI-6.2.4, text: Payments are attacked in dev, environments: [production],
          satisfiedBy: [{ uses: staged, with: { deep: true }, in: [dev] }] }`;
const deep = "      checks: [{ name: pay, uses: staged, with: { deep: true } }]";
const shallow = "      checks: [{ name: pay, uses: staged }]";

beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
});
afterEach(() => bench.close());

async function toProduction(dev: string, more = "") {
  const { controlPlane: plane } = worker;
  await plane.applyDocuments(operator, "t.yaml", documents({ dev, floor }) + more);
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const to = async (environment: string) => {
    const wish = { service: "shop", environment, release: "1.0.0" };
    return ended(plane, (await plane.promote(operator, wish)).id);
  };
  expect(await to("dev")).toMatchObject({ state: "complete" });
  return to("production");
}

it("what the owners require of production is met by what ran for this release before, and named when not", async () => {
  const denied = await toProduction(shallow);
  expect(denied.state).toBe("failed");
  expect(denied.message).toContain("requirement PCI-6.2.4 (Payments are attacked in dev)");
  expect(denied.message).toContain("has not run for this release");
});

it("a pass of exactly that lets the release on, and is among the reasons", async () => {
  const view = await toProduction(deep);
  expect(view.state).toBe("complete");
  expect(view.decision?.reasons).toContainEqual(
    expect.objectContaining({ outcome: "allow", rule: "requirement" }),
  );
});

it("a run that somebody has edited shows nothing", async () => {
  const { controlPlane: plane } = worker;
  await plane.applyDocuments(operator, "t.yaml", documents({ dev: deep, floor }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const wish = { service: "shop", environment: "dev", release: "1.0.0" };
  bench.staged.verdicts = ["error"];
  expect(await ended(plane, (await plane.promote(operator, wish)).id)).toMatchObject({ state: "failed" }); // prettier-ignore
  await bench.database.pool.query(
    `update check_runs set report = jsonb_set(report, '{verdict}', '"pass"') where name = 'pay'`,
  );
  await plane.applyDocuments(operator, "t.yaml", documents({ dev: "", floor }));
  expect(await ended(plane, (await plane.promote(operator, wish)).id)).toMatchObject({ state: "complete" }); // prettier-ignore
  const view = await ended(plane, (await plane.promote(operator, { ...wish, environment: "production" })).id); // prettier-ignore
  expect(view.state).toBe("failed");
  expect(view.message).toContain("PCI-6.2.4");
});

describe("a fail of what is required", () => {
  const wish = { service: "shop", release: "1.0.0" };
  const to = async (environment: string) =>
    ended(worker.controlPlane, (await worker.controlPlane.promote(operator, { ...wish, environment })).id); // prettier-ignore

  beforeEach(async () => {
    const { controlPlane: plane } = worker;
    await worker.engine.log.open("1.0.0");
    await plane.applyDocuments(operator, "t.yaml", documents({ dev: deep, floor }));
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    bench.staged.verdicts = ["fail"];
    expect(await to("dev")).toMatchObject({ state: "failed" });
    bench.staged.verdicts = [];
    expect(await to("dev")).toMatchObject({ state: "complete" });
  });

  it("stays behind a hundred later promotions", async () => {
    await bench.database.pool.query(`insert into promotions overriding user value
      select (jsonb_populate_record(p, jsonb_build_object('id', p.id || n, 'created_at', now()))).*
      from generate_series(1, 101) n, promotions p where p.state = 'complete'`);
    const view = await to("production");
    expect(view.state).toBe("failed");
    expect(view.decision?.reasons).toContainEqual(
      expect.objectContaining({ rule: "requirement", message: expect.stringContaining("has failed") }), // prettier-ignore
    );
  });

  it.each([
    [`update check_runs set report = jsonb_set(report, '{verdict}', '"pass"')`],
    ["delete from check_runs"],
    ["update check_runs set report = null"],
  ])("is missed when somebody takes it out of the database: %s", async (change) => {
    await bench.database.pool.query(`${change} where report ->> 'verdict' = 'fail'`);
    const view = await to("production");
    expect(view.state).toBe("failed");
    expect(view.decision?.reasons).toContainEqual(
      expect.objectContaining({ outcome: "deny", rule: "ledger" }),
    );
  });
});

it("a threat model of another attack surface holds the release back, and says what is new", async () => {
  const model = `  threatModel:
    reviewedBy: Ada
    reviewed: 2026-01-01
    environments: [production]
    surface: ["runs by process (production)"]
    threats: [{ id: T-1, text: Somebody pays with another's card, stride: [spoofing], mitigatedBy: [{ uses: staged }] }]
`;
  const view = await toProduction(deep, model);
  expect(view.state).toBe("failed");
  expect(view.message).toContain("the threat model of 2026-01-01 is of another attack surface");
  expect(view.message).toContain("+ process web, takes users' requests, keeps nothing");
});
