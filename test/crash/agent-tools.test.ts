import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { bandit } from "../../src/checks/bandit/index.ts";
import { runCheck } from "../../src/checks/run.ts";
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

async function scan(run: string, files: Readonly<Record<string, string>>): Promise<CheckReport> {
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
  return await runCheck(bandit, context, { name: "scan", with: {}, timeout: 60_000 });
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
