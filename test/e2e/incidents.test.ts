import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { PromotionView } from "../../src/api/views.ts";
import type { StopView } from "../../src/api/routes/stops.ts";
import { processesOf } from "../../scripts/demo/processes.ts";
import { until } from "../support/engine-bench.ts";
import { freePort, Installation } from "../support/installation.ts";

/** What policy asks for when what is live turns out wrong, done by a real server, host agent and router to a real service. */

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const installation = new Installation();
const shop = join(installation.folder, "shop");
const tidelock = (...words: string[]) => installation.tidelock(words, shop);
let port = 0;

const pipeline = () => `apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes: { web: { command: [node, server.js], ready: { kind: http, interval: 100ms } } }
  environments:
    - name: dev
      watch: { for: 200ms, interval: 100ms }
      onContradiction: isolate
      onSignal: stop-the-line
      checks: [{ name: deps, uses: advisories, phase: static }]
---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: dev }
spec: { tier: development, router: { type: embedded, listen: { shop: "127.0.0.1:${port}" } } }
`;

beforeAll(async () => {
  port = await freePort();
  mkdirSync(shop);
  writeFileSync(join(shop, "tidelock.yaml"), pipeline());
  await installation.start();
  await tidelock("pipeline", "apply");
});
afterAll(async () => {
  expect(await installation.stop()).toEqual([]);
});

/** A release whose lock file has this version of a package, live. */
async function live(version: string, left: string): Promise<void> {
  const locked = { name: "shop", lockfileVersion: 3, packages: { "node_modules/left": { version: left } } }; // prettier-ignore
  writeFileSync(join(shop, "package-lock.json"), JSON.stringify(locked));
  writeFileSync(
    join(shop, "server.js"),
    `require("node:http").createServer((q, r) => r.end("${version}")).listen(process.env.PORT, "127.0.0.1");`,
  );
  await tidelock("release", "create", "--version", version);
  await tidelock("promote", `shop@${version}`, "--to", "dev", "--wait");
}

/** An edition that knows a grave flaw of `left`, from these versions on; none without. */
async function advised(introduced?: string): Promise<void> {
  const name = introduced === undefined ? "other" : "left";
  const events = [{ introduced: introduced ?? "0" }, { fixed: "2.0.0" }];
  const record = {
    schema_version: "1.6.0",
    id: "GHSA-left-0000-0001",
    modified: new Date().toISOString(),
    summary: "it hands out everything",
    severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N" }],
    affected: [{ package: { ecosystem: "npm", name }, ranges: [{ type: "SEMVER", events }] }],
  };
  const file = join(installation.folder, "npm-all.zip");
  writeFileSync(file, zipSync({ "GHSA-left-0000-0001.json": strToU8(JSON.stringify(record)) }));
  await tidelock("advisories", "import", file);
}

async function users(): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  return { status: response.status, text: await response.text() };
}

const stops = async (): Promise<StopView[]> =>
  JSON.parse(await tidelock("line", "list", "-o", "json")) as StopView[];
const running = (): number =>
  processesOf(installation.dataDir).filter(({ command }) => command.endsWith("server.js")).length;

it("a grave signal stops the line; what is then contradicted is taken from users, past a promotion that waits, and runs on; the repaired release is given to them", async () => {
  await advised();
  await live("1.0.0", "1.0.0");
  const words = ["--environment", "dev", "--source", "waf", "--id", "1", "--kind", "leak"];
  await tidelock("signal", "add", "shop", ...words, "--severity", "critical");
  const [stop] = await stops();
  expect(stop?.reason).toContain("waf reports critical of what is live");
  expect(await users()).toEqual({ status: 200, text: "1.0.0" });
  const again = ["promote", "shop@1.0.0", "--to", "dev", "-o", "json"];
  const { id } = JSON.parse(await tidelock(...again)) as PromotionView;
  const shown = async (): Promise<PromotionView> =>
    JSON.parse(await tidelock("promotion", "show", id, "-o", "json")) as PromotionView;
  const waits = await until(shown, ({ waiting }) => waiting !== null, 30_000);
  expect(waits.waiting?.reason).toContain("stopped");

  await advised("0");
  const taken = await until(users, ({ status }) => status !== 200, 30_000);
  expect(taken.status).toBe(503);
  expect(taken.text).not.toContain("1.0.0");
  expect(running()).toBeGreaterThan(0);
  expect((await shown()).state).toBe("aborted");

  await tidelock("line", "clear", stop?.id ?? "", "--reason", "repaired in 1.1.0");
  await live("1.1.0", "2.0.0");
  expect(await users()).toEqual({ status: 200, text: "1.1.0" });
  await tidelock("ledger", "verify", "--state");
});
