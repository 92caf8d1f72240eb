import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { bandit } from "../../src/checks/bandit/index.ts";
import { type RunOptions, runCheck } from "../../src/checks/run.ts";
import { judgeReport } from "../../src/engine/judging/judge-report.ts";
import type { CheckReport } from "../../src/model/verdict.ts";
import { removeTree } from "../../src/tree/remove-tree.ts";
import { fence, slotOf, storeTree } from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";
import { checkContext } from "../support/check-context.ts";
import { isRoot, needs, needsTool, testTools } from "../support/optional.ts";
import { hitsIn } from "../support/tool-agent.ts";

let agent: AgentUnderTest;
let tools: string;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
  tools = await mkdtemp(join(tmpdir(), "tl-tools-"));
  await chmod(tools, 0o755);
});
afterAll(async () => {
  await agent.end();
  await removeTree(tools);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function scan(
  run: string,
  files: Readonly<Record<string, string>>,
  options: RunOptions = {},
): Promise<CheckReport> {
  const packed = await storeTree(
    agent.dataDir,
    Object.entries(files).map(([name, content]) => ({ name, content })),
  );
  const context = checkContext({
    agent: agent.client,
    fence: fence(1, slotOf("scanned")),
    run,
    tree: packed.digest,
  });
  return await runCheck(bandit, context, { name: "scan", with: {}, timeout: 60_000 }, options);
}

/** Answers as bandit does, with what it sees of itself and of its surroundings as a hit. */
const spy = `#!/bin/sh
[ "$1" = --version ] && { echo "bandit 9.9"; exit 0; }
for word in "$@"; do [ "$last" = --output ] && report=$word; last=$word; done
touch ./written 2>/dev/null && w=writable || w=read-only
printf '{"errors":[],"metrics":{"./a.py":{},"_totals":{}},"results":[{"filename":"./a.py",' > $report
printf '"issue_severity":"LOW","test_id":"%s %s %s"}]}' "$(id -u)" "$w" "$(env | grep -c ORDER)" >> $report
`;

test.skipIf(needs(isRoot, "root is needed to run a scanner as another user").missing)(
  "a scanner runs as another user in the read-only tree, and does not see what it was ordered by",
  async () => {
    await writeFile(join(tools, "bandit"), spy, { mode: 0o755 });
    vi.stubEnv("TIDELOCK_TOOLS", tools);
    const report = await scan("spy", { "a.py": "x = 1\n" });
    expect(report.summary).toContain("bandit 9.9");
    const [hit = ""] = hitsIn(report);
    expect(hit).toMatch(/^6\d{4} read-only 0 a\.py/);
  },
);

/** Answers as bandit does, with as many hits of about 300 bytes as it is told. */
const wordy = (hits: number) => `#!/usr/bin/env node
if (process.argv[2] === "--version") { console.log("bandit 9.9"); process.exit(0); }
const report = process.argv[process.argv.indexOf("--output") + 1];
const hit = (n) => ({ filename: "./a.py", issue_severity: "LOW", test_id: "B" + n, line_number: n, issue_text: "secret-value ".repeat(15) });
const results = Array.from({ length: ${hits} }, (_, n) => hit(n));
require("fs").writeFileSync(report, JSON.stringify({ errors: [], metrics: { "./a.py": {}, _totals: {} }, results }));
process.exit(1);
`;

test("a report of 12 MiB is whole, free of secrets, and judged while the event loop goes on", async () => {
  await writeFile(join(tools, "bandit"), wordy(43_000), { mode: 0o755 });
  vi.stubEnv("TIDELOCK_TOOLS", tools);
  let [longest, last] = [0, performance.now()];
  const ticks = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  const secrets = ["secret-value", ...Array.from({ length: 40 }, (_, n) => `never-there-${n}`)];
  const report = await scan("wordy", { "a.py": "x = 1\n" }, { secrets, judge: judgeReport });
  clearInterval(ticks);
  expect(report.summary).toContain("43000");
  expect(report).toMatchObject({ verdict: "pass", counts: { low: 43_000 } });
  expect(report.raw?.truncated).toBe(false);
  expect(report.raw?.text.length).toBeGreaterThan(10_000_000);
  expect(report.raw?.text).not.toContain("secret-value");
  expect(longest).toBeLessThan(1_000);
}, 60_000);

test("a report of more than 16 MiB is an error that says so", async () => {
  await writeFile(join(tools, "bandit"), wordy(70_000), { mode: 0o755 });
  vi.stubEnv("TIDELOCK_TOOLS", tools);
  const report = await scan("too-wordy", { "a.py": "x = 1\n" }, { judge: judgeReport });
  expect(report.verdict).toBe("error");
  expect(report.summary).toContain("longer than 16777216 bytes");
}, 60_000);

test.skipIf(needs(isRoot, "root is needed to run a scanner as another user").missing)(
  "a scanner that only the operator may read is missing, and the report says why",
  async () => {
    const own = join(tools, "own");
    await mkdir(own, { mode: 0o700 });
    await writeFile(join(own, "bandit"), spy, { mode: 0o755 });
    vi.stubEnv("TIDELOCK_TOOLS", own);
    const report = await scan("private", { "a.py": "x = 1\n" });
    expect(report.verdict).toBe("missing");
    expect(report.summary).toContain("may not read and run it (EACCES)");
  },
);

test.skipIf(needsTool("bandit").missing)(
  "the real program finds through the agent what it finds by itself",
  async () => {
    vi.stubEnv("TIDELOCK_TOOLS", join(testTools, "bin"));
    const report = await scan("real", {
      "app/run.py": "import subprocess\nsubprocess.call(x, shell=True)  # nosec\n",
    });
    expect(report.verdict).toBe("pass");
    expect(hitsIn(report)).toContain("B602 app/run.py:2");
    expect(report.suppressions).toHaveLength(1);
  },
);
