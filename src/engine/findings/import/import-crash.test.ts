import { mkdir, readdir, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  EngineBench,
  makeRelease,
  operator,
} from "../../../../test/support/engine-bench.ts";
import { MortalWorker } from "../../../../test/support/mortal-worker.ts";
import { emptySpool } from "./spool.ts";

/** A server that dies in the middle of an import, and two servers at once. */

let bench: EngineBench;
const mortals: MortalWorker[] = [];

beforeEach(async () => {
  bench = await EngineBench.create();
  const plane = bench.worker().controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
});
afterEach(async () => {
  for (const mortal of mortals.splice(0)) await mortal.close();
  await bench.close();
});

async function* sarif(...rules: readonly string[]): AsyncGenerator<Uint8Array> {
  const results = rules.map((ruleId) => ({ ruleId, message: { text: ruleId } }));
  const runs = [{ tool: { driver: { name: "scan" } }, results }];
  yield Buffer.from(JSON.stringify({ version: "2.1.0", runs }));
}

it.each(["import:spooled", "import:staged", "import:before-commit"])(
  "leaves nothing half-applied when its server is killed at %s, and takes the report in when it comes again",
  async (point) => {
    const mortal = new MortalWorker(bench, point, "killed");
    mortals.push(mortal);
    const dying = mortal.worker.controlPlane.findings.importReport(
      operator,
      "shop",
      {},
      sarif("eval"),
    );
    dying.catch(() => undefined);
    await mortal.met;
    const { findings } = bench.observer();
    expect(await findings.imports("shop", 10)).toEqual([]);
    expect((await findings.list({ status: "any" }, { limit: 10 })).total).toBe(0);
    const again = await findings.importReport(operator, "shop", {}, sarif("eval"));
    expect(again).toMatchObject({ opened: 1 });
  },
);

it("answers with what a killed server has committed", async () => {
  const mortal = new MortalWorker(bench, "import:committed", "killed");
  mortals.push(mortal);
  const { findings: dying } = mortal.worker.controlPlane;
  dying.importReport(operator, "shop", {}, sarif("eval")).catch(() => undefined);
  await mortal.met;
  const again = await bench.observer().findings.importReport(operator, "shop", {}, sarif("eval"));
  expect(again.notes[0]).toMatch(/^the same report was taken in at/);
  expect(await bench.observer().findings.imports("shop", 10)).toHaveLength(1);
});

it("opens one finding for what two servers are told at the same moment", async () => {
  const reports = [sarif("eval", "xss"), sarif("eval", "sqli")];
  const views = await Promise.all(
    reports.map((report) => bench.observer().findings.importReport(operator, "shop", {}, report)),
  );
  expect(views.map(({ opened }) => opened).toSorted()).toEqual([1, 2]);
  const { items } = await bench.observer().findings.list({ status: "any" }, { limit: 10 });
  expect(items.map(({ rule }) => rule).toSorted()).toEqual(["eval", "sqli", "xss"]);
});

it("removes at its start what a killed server has left of a report", async () => {
  await mkdir(bench.spool, { recursive: true });
  await writeFile(`${bench.spool}/999999-0123456789ab-x`, "half a report");
  await writeFile(`${bench.spool}/${process.pid}-0123456789ab-x.items`, "of a process before us");
  await emptySpool(bench.spool);
  expect(await readdir(bench.spool)).toEqual([]);
});

it("takes in a few reports at once and lets the others wait: the database has connections for everybody else", async () => {
  const { findings } = bench.observer();
  const views = await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      findings.importReport(operator, "shop", {}, sarif(`rule-${index}`)),
    ),
  );
  expect(views.map(({ opened }) => opened)).toEqual(Array.from({ length: 5 }, () => 1));
  const failing = Array.from({ length: 3 }, async () =>
    findings.importReport(operator, "shop", { format: "zap" }, sarif("eval")),
  );
  expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(
    Array.from({ length: 3 }, () => "rejected"),
  );
  await expect(findings.importReport(operator, "shop", {}, sarif("last"))).resolves.toMatchObject({
    opened: 1,
  });
}, 120_000);
