import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { scanThresholds } from "../../ports/check.ts";
import { takeInOwnRuns } from "./own-runs.ts";
import { settleFindings } from "./settle.ts";

/** Findings of Tidelock's own scans, from the first sight to their end in production and back. */

let bench: EngineBench;
let worker: Worker;

beforeEach(async () => {
  bench = await EngineBench.create();
  bench.extra.set("scan", {
    ...bench.staged.check,
    id: "scan",
    touch: "files",
    schema: z.object({ ...scanThresholds, exclude: z.array(z.string()).optional() }),
    judgedBy: "observations",
  });
  worker = bench.worker();
  const { controlPlane: plane } = worker;
  const scan =
    "{ name: scan, uses: scan, phase: static, with: { failOn: critical, warnOn: critical } }";
  await plane.applyDocuments(
    operator,
    "t.yaml",
    documents({ dev: `      checks: [${scan}]`, production: "" }),
  );
});
afterEach(() => bench.close());

function sees(...rules: readonly string[]): void {
  const results = rules.map((ruleId) => ({
    ruleId,
    level: "error",
    message: { text: ruleId },
    locations: [
      { physicalLocation: { artifactLocation: { uri: "a.js" }, region: { startLine: 1 } } },
    ],
  }));
  const log = { version: "2.1.0", runs: [{ tool: { driver: { name: "Scan" } }, results }] };
  bench.staged.report = { raw: { format: "sarif", text: JSON.stringify(log), truncated: false } };
}

async function promote(environment: string, release: string): Promise<void> {
  const { controlPlane: plane } = worker;
  const { id } = await plane.promote(operator, { service: "shop", environment, release });
  expect((await ended(plane, id, 60_000)).state).toBe("complete");
  await takeInOwnRuns(worker.engine);
  await settleFindings(worker.engine);
}

async function release(version: string, ...rules: readonly string[]): Promise<void> {
  await worker.controlPlane.createRelease(operator, makeRelease(bench, version));
  sees(...rules);
  await promote("dev", version);
  bench.staged.report = {};
}

const show = () => worker.controlPlane.findings.show("F-1");

it("follows a finding from its first sight to production, and back with a rollback", async () => {
  await release("1.0.0", "eval");
  await promote("production", "1.0.0");
  expect(await show()).toMatchObject({ status: "open", liveIn: ["dev", "production"] });
  const [taken] = await worker.controlPlane.findings.imports("shop", 10);
  expect(taken).toMatchObject({ trust: "own", complete: true, environment: null, opened: 1 });

  await release("2.0.0");
  expect(await show()).toMatchObject({
    status: "verified",
    verified: { release: { version: "2.0.0" } },
    liveIn: ["production"],
  });
  await promote("production", "2.0.0");
  expect(await show()).toMatchObject({ status: "closed", liveIn: [] });

  const lane = { service: "shop", environment: "production" };
  const { id } = await worker.controlPlane.rollback(operator, lane, { reason: "prices" });
  await ended(worker.controlPlane, id);
  await settleFindings(worker.engine);
  expect(await show()).toMatchObject({ status: "open", reopened: 1, liveIn: ["production"] });

  await promote("production", "2.0.0");
  const { status, history } = await show();
  expect(status).toBe("closed");
  expect(history.map(({ text }) => text.replace(/\(.*\)/, "(…)"))).toEqual([
    "seen first by scan (…)",
    "a complete scan does not show it by scan (…)",
    "a complete scan of 2.0.0 does not see it any more by scan (…)",
    "2.0.0, which does not have it, is live in production",
    "1.0.0, which has it, is live in production again",
    "2.0.0, which does not have it, is live in production",
  ]);
}, 120_000);

it("takes each run in once, and closes nothing by one that was not whole", async () => {
  await release("1.0.0", "eval");
  await Promise.all([takeInOwnRuns(worker.engine), takeInOwnRuns(worker.engine)]);
  expect(await worker.controlPlane.findings.imports("shop", 10)).toHaveLength(1);
  await worker.controlPlane.createRelease(operator, makeRelease(bench, "2.0.0"));
  sees();
  bench.staged.verdicts = ["partial", "partial", "partial"];
  const dev = { service: "shop", environment: "dev", release: "2.0.0" };
  const { id } = await worker.controlPlane.promote(operator, dev);
  await ended(worker.controlPlane, id);
  await takeInOwnRuns(worker.engine);
  const [newest] = await worker.controlPlane.findings.imports("shop", 10);
  expect(newest).toMatchObject({ complete: false, unseen: 1, release: { version: "2.0.0" } });
  expect(await show()).toMatchObject({ status: "open" });
}, 120_000);

it("takes a check that was told to look away for another scan, which closes nothing of the one before", async () => {
  const { controlPlane: plane } = worker;
  await release("1.0.0", "eval");
  const narrow =
    "{ name: scan, uses: scan, phase: static, with: { exclude: [a.js], failOn: critical, warnOn: critical } }";
  const changed = documents({ dev: `      checks: [${narrow}]`, production: "" });
  await plane.applyDocuments(operator, "t.yaml", changed);
  await release("2.0.0");
  await promote("production", "2.0.0");
  expect(await show()).toMatchObject({ status: "open" });
}, 120_000);

it("takes a report in that was given up, once somebody has repaired what kept it out and says so", async () => {
  const { controlPlane: plane, engine } = worker;
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  sees("eval");
  // A disk that fails whoever writes to it.
  const { spool } = engine;
  Object.assign(engine, { spool: "/dev/null/spool" });
  await promote("dev", "1.0.0");
  await engine.db.updateTable("finding_skipped_runs").set({ given_up: true }).execute();
  const [missing] = await plane.findings.missing("shop", 9);
  expect(missing).toMatchObject({ check: "scan", givenUp: true });
  const run = missing?.run ?? "";
  await expect(plane.findings.retry(operator, "shop", run)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("cannot be taken in"),
  });
  await expect(plane.findings.retry(operator, "other", run)).rejects.toMatchObject({
    code: "not-found",
  });
  Object.assign(engine, { spool });
  expect(await plane.findings.retry(operator, "shop", run)).toMatchObject({
    opened: 1,
    trust: "own",
  });
  expect(await plane.findings.missing("shop", 9)).toEqual([]);
  await expect(plane.findings.retry(operator, "shop", run)).rejects.toMatchObject({
    code: "not-found",
  });
}, 120_000);
