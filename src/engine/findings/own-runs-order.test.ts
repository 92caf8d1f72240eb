import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { findings as findingsCheck } from "../../checks/findings/index.ts";
import { scanThresholds } from "../../ports/check.ts";
import { skippedRuns } from "../../store/queries/findings-runs.ts";
import { takeInOwnRuns } from "./own-runs.ts";

/** What a promotion's own scans report, and the check that judges what they found. */

let bench: EngineBench;
let worker: Worker;
/** Why no report can be taken in; null: they can. */
let broken: ((version: string) => boolean) | null;
let version = "";

const scan = `{ name: scan, uses: scan, phase: static, with: { failOn: critical, warnOn: critical } }`;
const known = (timeout: string) =>
  `{ name: known, uses: findings, phase: static, timeout: ${timeout} }`;

beforeEach(async () => {
  broken = null;
  bench = await EngineBench.create();
  bench.extra.set("findings", findingsCheck);
  bench.extra.set("scan", {
    ...bench.staged.check,
    id: "scan",
    touch: "files",
    cost: "expensive",
    schema: z.object(scanThresholds),
    judgedBy: "observations",
  });
  const reach = async (point: string) => {
    if (point === "import:before-commit" && broken?.(version)) throw new Error("it breaks here");
  };
  worker = bench.worker({ hooks: { reach } });
  await worker.engine.log.open("1.0.0");
}, 60_000);
afterEach(() => bench.close());

async function demand(...checks: readonly string[]): Promise<void> {
  const text = documents({ dev: `      checks: [${checks.join(", ")}]` });
  await worker.controlPlane.applyDocuments(operator, "t.yaml", text);
}

async function promoted(name: string, ...rules: readonly string[]) {
  const { controlPlane: plane } = worker;
  version = name;
  await plane.createRelease({ id: "builder" }, makeRelease(bench, name));
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
  const asked = { service: "shop", environment: "dev", release: name };
  const done = await ended(plane, (await plane.promote(operator, asked)).id);
  const run = done.checks.find(({ name: one }) => one === "known");
  return { state: done.state, verdict: run?.report?.verdict, summary: run?.report?.summary ?? "" };
}

describe("the check of findings", () => {
  it("begins after the scans beside it, dear as they are, and judges what they have found", async () => {
    // Nothing says that it needs the scan, and nobody else takes reports in here.
    await demand(known("60s"), scan);
    let release = () => {};
    bench.staged.hold = new Promise((resolve) => {
      release = resolve;
    });
    const waits = promoted("1.0.0", "eval");
    await expect.poll(() => bench.staged.runs.length, { timeout: 20_000 }).toBe(1);
    const { rows } = await sql<{ name: string }>`select name from check_runs`.execute(
      bench.database.db,
    );
    expect(rows.map(({ name }) => name)).toEqual(["scan"]);
    release();
    const { verdict, summary } = await waits;
    expect(verdict).toBe("fail");
    expect(summary).toContain("1 finding counts against it: F-1 eval");
    expect(await promoted("2.0.0")).toMatchObject({ state: "complete", verdict: "pass" });
  }, 120_000);

  it("knows nothing while the report of such a scan cannot be taken in, and says which", async () => {
    await demand(scan, known("15s"));
    broken = () => true;
    const { verdict, summary } = await promoted("1.0.0");
    expect(verdict).toBe("inconclusive");
    expect(summary).toMatch(/the report of check scan .* was not taken in within 5 s: it breaks/);
    broken = null;
    expect(await promoted("2.0.0")).toMatchObject({ verdict: "pass" });
  }, 120_000);
});

describe("a report that cannot be taken in", () => {
  const taken = async () =>
    (await worker.controlPlane.findings.imports("shop", 10)).map(({ release }) => release?.version);
  const rested = () =>
    sql`update finding_skipped_runs set at = at - interval '1 day'`.execute(bench.database.db);

  it("holds up no other one, is tried again later, and is there when it can be", async () => {
    await demand(scan);
    await promoted("1.0.0", "eval");
    broken = () => true;
    await takeInOwnRuns(worker.engine);
    await promoted("2.0.0", "eval");
    broken = null;
    await takeInOwnRuns(worker.engine);
    expect(await taken()).toEqual(["2.0.0"]);
    expect(await skippedRuns(bench.database.db, "shop", 10)).toMatchObject([
      { name: "scan", environment: "dev", why: "it breaks here", tries: 1, given_up: false },
    ]);
    await rested();
    await takeInOwnRuns(worker.engine);
    expect(await taken()).toEqual(["1.0.0", "2.0.0"]);
    expect(await skippedRuns(bench.database.db, "shop", 10)).toEqual([]);
  }, 120_000);

  it("is given up at last, and listed with the reason", async () => {
    await demand(scan);
    await promoted("1.0.0", "eval");
    broken = () => true;
    for (let tries = 0; tries < 12; tries += 1) {
      await takeInOwnRuns(worker.engine);
      await rested();
    }
    const [lost] = await skippedRuns(bench.database.db, "shop", 10);
    expect(lost).toMatchObject({ tries: 9, given_up: true, why: "it breaks here" });
    expect(worker.notices.at(-1)).toContain("tried 9 times, it is not tried again");
    broken = null;
    await takeInOwnRuns(worker.engine);
    expect(await taken()).toEqual([]);
  }, 120_000);
});
