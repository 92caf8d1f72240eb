import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  EngineBench,
  makeRelease,
  operator,
} from "../../../../test/support/engine-bench.ts";
import type { FindingControl } from "../../../ports/finding-control.ts";
import { makeFindingControl } from "../control.ts";

let bench: EngineBench;
let findings: FindingControl;

beforeEach(async () => {
  bench = await EngineBench.create();
  const { engine, controlPlane } = bench.worker();
  findings = makeFindingControl(engine);
  await controlPlane.applyDocuments(operator, "t.yaml", documents());
  await controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
});
afterEach(() => bench.close());

interface Hit {
  readonly rule: string;
  readonly file: string;
  readonly line?: number;
  readonly level?: string;
}

function sarif(hits: readonly Hit[], tool = "scanner"): Buffer {
  return Buffer.from(
    JSON.stringify({
      version: "2.1.0",
      runs: [
        {
          tool: { driver: { name: tool, version: "1.2.3" } },
          results: hits.map(({ rule, file, line = 3, level = "error" }) => ({
            ruleId: rule,
            level,
            message: { text: `${rule} in ${file}` },
            locations: [
              {
                physicalLocation: { artifactLocation: { uri: file }, region: { startLine: line } },
              },
            ],
          })),
        },
      ],
    }),
  );
}

async function* bytes(...chunks: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

const two = [
  { rule: "eval", file: "a.js" },
  { rule: "sqli", file: "b.js", level: "warning" },
];

it("opens a finding for each new thing, and knows it again", async () => {
  const first = await findings.importReport(operator, "shop", {}, bytes(sarif(two)));
  expect(first).toMatchObject({
    format: "sarif",
    tool: { name: "scanner", version: "1.2.3" },
    trust: "unbound",
    observations: 2,
    opened: 2,
    matched: 0,
    notes: ["the report names no release, so it closes nothing and states nothing"],
  });
  const moved = sarif([
    { ...(two[0] as Hit), line: 30 },
    { rule: "xss", file: "c.js" },
  ]);
  const second = await findings.importReport(operator, "shop", {}, bytes(moved));
  expect(second).toMatchObject({ observations: 2, opened: 1, matched: 1, unseen: 1 });
  const { items, total } = await findings.list({ service: "shop" }, { limit: 2 });
  expect(total).toBe(3);
  expect(items.map(({ rule }) => rule)).toEqual(["eval", "xss"]);
  expect(items.every(({ status }) => status === "open")).toBe(true);
  const shown = await findings.show("F-1");
  expect(shown.observationCount).toBe(2);
  expect(shown.history.map(({ text }) => text)).toEqual([`seen first by scanner (${first.id})`]);
  expect(await readdir(bench.spool)).toEqual([]);
});

it("answers the same report again with what it came to", async () => {
  const first = await findings.importReport(operator, "shop", {}, bytes(sarif(two)));
  const again = await findings.importReport(operator, "shop", {}, bytes(sarif(two)));
  expect(again).toMatchObject({ id: first.id, opened: 2 });
  expect(again.notes[0]).toMatch(/^the same report was taken in at .* it changes nothing again$/);
  expect(await findings.imports("shop", 10)).toHaveLength(1);
});

it("stores nothing of what it cannot read, and says which format it is", async () => {
  const cut = sarif(two).subarray(0, 200);
  await expect(
    findings.importReport(operator, "shop", { format: "sarif" }, bytes(cut)),
  ).rejects.toMatchObject({
    code: "invalid-input",
    message: expect.stringContaining("sarif: JSON at byte 200"),
  });
  await expect(
    findings.importReport(operator, "shop", {}, bytes(Buffer.from("hello"))),
  ).rejects.toMatchObject({ code: "invalid-input" });
  await expect(findings.importReport(operator, "shop", {}, bytes())).rejects.toMatchObject({
    code: "invalid-input",
    message: "the report is empty: it has no bytes at all",
  });
  expect(await findings.imports("shop", 10)).toEqual([]);
  expect(await findings.list({ status: "any" }, { limit: 10 })).toMatchObject({ total: 0 });
  expect(await readdir(bench.spool)).toEqual([]);
});

it("takes hostile texts as they are", async () => {
  const hostile = sarif([{ rule: "nul\u0000'; drop table findings; --", file: "a\u0000.js" }]);
  const view = await findings.importReport(operator, "shop", {}, bytes(hostile));
  expect(view.opened).toBe(1);
  const { items } = await findings.list({ search: "drop table" }, { limit: 10 });
  expect(items[0]?.rule).toBe("nul\uFFFD'; drop table findings; --");
});

it("links a finding to where it is written how it is repaired", async () => {
  const report = sarif([{ rule: "CWE-89", file: "a.js" }]).toString();
  const tagged = JSON.stringify({
    ...JSON.parse(report),
    runs: JSON.parse(report).runs.map((run: { results: object[] }) => ({
      ...run,
      results: run.results.map((one) => ({
        ...one,
        properties: { tags: ["external/cwe/cwe-089"] },
      })),
    })),
  });
  await findings.importReport(operator, "shop", {}, bytes(Buffer.from(tagged)));
  const { guidance } = await findings.show("F-1");
  expect(guidance.map(({ url }) => url)).toContain(
    "https://cheatsheetseries.owasp.org/cheatsheets/SQL_Injection_Prevention_Cheat_Sheet.html",
  );
});

it("refuses to list or to count findings of a service or an environment that nobody registered", async () => {
  const page = { limit: 10, after: undefined };
  const days = 90;
  expect(await findings.list({ service: "shop" }, page)).toMatchObject({ total: 0 });
  expect(await findings.metrics({ service: "shop", days })).toMatchObject({ open: {} });
  for (const asking of [
    findings.list({ service: "shpo" }, page),
    findings.metrics({ service: "shpo", days }),
  ]) {
    await expect(asking).rejects.toMatchObject({ code: "not-found", where: "--service" });
  }
  await expect(
    findings.list({ service: "shop", environment: "prodution" }, page),
  ).rejects.toMatchObject({ code: "not-found", where: "--environment" });
});
