import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Copy } from "./copy-tree.ts";
import type { NamedTest } from "./safeguard.ts";

/** The part of vitest's JSON report that is read here. */
const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/** What became of one named test. `absent`: there is none of that name, or its file did not load. */
export interface TestOutcome {
  readonly test: NamedTest;
  readonly status: "passed" | "failed" | "skipped" | "absent";
  /** The first line of why. */
  readonly message: string;
}

/** A hung run is ended, and its tests have not passed. Milliseconds. */
const runLimit = 600_000;

/** Runs these tests, and no others of their files, in the copy. */
export async function runTests(
  copy: Copy,
  tests: readonly NamedTest[],
): Promise<readonly TestOutcome[]> {
  const report = join(copy.temporary, "report.json");
  rmSync(report, { force: true });
  const names = tests.map(({ name }) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const output = await vitest(copy, [
    "run",
    "--reporter=json",
    `--outputFile=${report}`,
    `--testNamePattern=${names.join("|")}`,
    ...new Set(tests.map(({ file }) => file)),
  ]);
  if (!existsSync(report)) throw new Error(`vitest wrote no report:\n${output.slice(-2_000)}`);
  const { testResults } = Report.parse(JSON.parse(readFileSync(report, "utf8")));
  return tests.map((test) => {
    const file = testResults.find(({ name }) => name === join(copy.tree, test.file));
    const found = (file?.assertionResults ?? []).filter(({ fullName }) =>
      fullName.includes(test.name),
    );
    const failure = found.find(({ status }) => status === "failed");
    if (failure) {
      return { test, status: "failed", message: firstLine(failure.failureMessages?.[0] ?? "") };
    }
    if (found.length === 0) return { test, status: "absent", message: firstLine(file?.message) };
    const passed = found.every(({ status }) => status === "passed");
    // A hook that failed skips what it was to prepare.
    return { test, status: passed ? "passed" : "skipped", message: firstLine(file?.message) };
  });
}

function vitest(copy: Copy, args: readonly string[]): Promise<string> {
  const program = join(copy.tree, "node_modules", "vitest", "vitest.mjs");
  const child = spawn(process.execPath, [program, ...args], {
    cwd: copy.tree,
    env: environment(copy),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: runLimit,
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve(output));
  });
}

/** Nothing of a test run around this one, and temporary files where they are removed with the copy. */
function environment(copy: Copy): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|TIDELOCK_|NODE_V8_COVERAGE$)/.test(name) && name !== "TEST",
  );
  return { ...Object.fromEntries(own), TMPDIR: copy.temporary };
}

function firstLine(text: string | undefined): string {
  return (text ?? "").split("\n")[0]?.trim() ?? "";
}
