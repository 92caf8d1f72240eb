import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { root } from "../../scripts/test/run-step.ts";
import type { FindingMetrics } from "../../src/api/views/finding-metrics.ts";
import type { FindingSummary, ImportView } from "../../src/api/views/finding.ts";
import { Installation } from "../support/installation.ts";

/** The way of the README: a service, reports of real scanners, what is open, and what it all comes to. */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const samples = join(root, "test", "fixtures", "findings");
const installation = new Installation();
const shop = join(installation.folder, "shop");
const tidelock = (...words: string[]) => installation.tidelock(words, shop);

beforeAll(async () => {
  mkdirSync(shop);
  writeFileSync(join(shop, "package.json"), '{"scripts": {"start": "node server.js"}}');
  await tidelock("init");
  await installation.start();
  await tidelock("pipeline", "apply");
});
afterAll(async () => {
  expect(await installation.stop()).toEqual([]);
});

const imported = async (file: string, ...words: string[]): Promise<ImportView> =>
  JSON.parse(await tidelock("findings", "import", file, ...words, "-o", "json")) as ImportView;

it("takes reports of several scanners in, lists what is open, and answers in numbers that the list agrees with", async () => {
  const trivy = join(samples, "trivy", "kubernetes.json");
  const first = await imported(trivy);
  expect(first).toMatchObject({ format: "trivy", trust: "unbound", complete: true, reopened: 0 });
  expect(first.opened).toBeGreaterThan(0);
  expect(first.notes.join(" ")).toContain("closes nothing");

  // The same bytes again, under another name: the same import, not a second one.
  const copy = join(installation.folder, "again.bin");
  copyFileSync(trivy, copy);
  expect(await imported(copy)).toMatchObject({ id: first.id });

  const sarif = await imported(join(samples, "sarif", "bash-report.sarif"), "--env", "staging");
  expect(sarif.opened).toBeGreaterThan(0);

  const list = JSON.parse(
    await tidelock("findings", "list", "--limit", "500", "-o", "json"),
  ) as FindingSummary[];
  expect(list).toHaveLength(first.opened + sarif.opened);
  const [worst] = list;
  const shown = await tidelock("findings", "show", worst?.id ?? "");
  expect(shown).toContain(worst?.rule ?? "?");
  expect(shown).toContain("opened");

  const metrics = JSON.parse(await tidelock("findings", "metrics", "-o", "json")) as FindingMetrics;
  expect(metrics.open.total.n).toBe(list.length);
  for (const { name, n } of metrics.open.bySeverity) {
    const names = await tidelock(
      "findings",
      "list",
      "--severity-is",
      name,
      "--limit",
      "500",
      "-o",
      "name",
    );
    expect(names.trim().split("\n")).toHaveLength(n);
  }
  const imports = JSON.parse(await tidelock("findings", "imports", "-o", "json")) as ImportView[];
  expect(imports.map(({ tool }) => tool.name.toLowerCase())).toContain("trivy");
});

it("keeps nothing of a report that was cut, and says in which file and format", async () => {
  const whole = readFileSync(join(samples, "trivy", "kubernetes.json"), "utf8");
  const cut = join(installation.folder, "cut.json");
  writeFileSync(cut, whole.slice(0, whole.length / 2));
  const before = await tidelock("findings", "imports", "-o", "name");
  await expect(tidelock("findings", "import", cut, "--service", "shop")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/error: .*(trivy|JSON)[\s\S]*where: .*cut\.json/) as string,
  });
  expect(await tidelock("findings", "imports", "-o", "name")).toBe(before);
});
