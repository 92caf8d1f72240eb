import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startFakeServer } from "../../test/fixtures/fake-server.ts";
import { runCli } from "../../test/fixtures/run-cli.ts";
import { CheckDemand } from "../model/pipeline.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tl-check-"));
  writeFileSync(
    join(folder, "tidelock.yaml"),
    `apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes: { web: { command: [node, server.js] } }
  environments:
    - name: production
      checks:
        - { name: secrets, uses: secrets, phase: static }
        - { name: smoke, uses: smoke }
`,
  );
  writeFileSync(join(folder, "server.js"), "console.log('hello');\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const check = () => runCli(["check", "-f", join(folder, "tidelock.yaml"), "-o", "json"]);

it("check predicts what reads files, and says what it cannot know", async () => {
  const { code, stdout, stderr } = await check();
  expect([code, stderr]).toEqual([0, expect.stringContaining("1 cannot be predicted here")]);
  expect(JSON.parse(stdout)).toMatchObject([
    { check: "secrets", report: { verdict: "pass" } },
    { check: "smoke", report: null, why: "it tests what is deployed" },
  ]);
});

it("check ends with 3 when the environment would deny", async () => {
  // Put together here, so that no scanner of this repository finds it.
  writeFileSync(
    join(folder, "key.js"),
    `const key = "${["AKIA", "Q3EGZ7XY2PLM4KDN"].join("")}";\n`,
  );
  const { code, stderr } = await check();
  expect([code, stderr]).toEqual([3, expect.stringContaining("production would deny")]);
});

it("check --server asks what the server demands, the floor's checks too, whatever the file says", async () => {
  await using stack = new AsyncDisposableStack();
  const server = await startFakeServer();
  stack.defer(() => server.close());
  const asked: string[] = [];
  const demand = CheckDemand.parse({ name: "owners", uses: "secrets", phase: "static" });
  Object.assign(server.controlPlane.checks, {
    demands: async (service: string, environment: string) => {
      asked.push(`${service}/${environment}`);
      return { service, environment, pipeline: 7, floor: ["owners"], checks: [demand] };
    },
  });
  const words = ["check", "--server", "-f", join(folder, "tidelock.yaml"), "-o", "json"];
  const env = { TIDELOCK_URL: server.url, TIDELOCK_TOKEN: server.token };
  const { code, stdout, stderr } = await runCli(words, { env });
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([{ check: "owners", report: { verdict: "pass" } }]);
  expect(stderr).toContain(`version 7 of the pipeline on ${server.url} and the floor's owners`);
  expect(asked).toEqual(["shop/production"]);
});
