// `npm test`: everything that must hold before a change lands, with a summary and an exit code.
//
//   npm test                     every step
//   npm test -- src/router       only the test files whose path contains one of these words
//
// TIDELOCK_TEST_INSTALL=1    installs missing optional tools by apt-get first (throw-away machines only)
// TIDELOCK_TEST_MUST_RUN     space-separated test files that may not be skipped, nor be absent
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installMissingTools } from "./test/install-tools.ts";
import { type Outcome, add, nothing, suitesThatHadToRun } from "./test/outcome.ts";
import { root, runStep, stopChildren } from "./test/run-step.ts";
import { runVitest } from "./test/run-vitest.ts";

const formatted = ["src", "test", "bench", "scripts", "examples", "web"].filter((folder) =>
  existsSync(join(root, folder)),
);

/** Starts real servers, packs, or installs: run alone, so that two cores do not distort what they time. */
const wholeSystem = ["test/package", "test/demo", "test/e2e"];

/** Cheapest first: a type error is known before the first database has started. */
async function staticSteps(): Promise<Outcome> {
  let outcome = nothing;
  outcome = add(outcome, await runStep("format", "oxfmt", ["--check", ...formatted]));
  outcome = add(outcome, await runStep("lint", "oxlint", ["--deny-warnings"]));
  outcome = add(outcome, await runStep("types", "tsc", ["--noEmit"]));
  if (existsSync(join(root, "web", "tsconfig.json"))) {
    outcome = add(outcome, await runStep("types of web", "tsc", ["--noEmit", "-p", "web"]));
    outcome = add(outcome, await runStep("build", process.execPath, ["scripts/build.ts"]));
  }
  return outcome;
}

async function everything(work: string): Promise<Outcome> {
  const [checked, tested] = await Promise.all([
    staticSteps(),
    runVitest({
      work,
      title: "tests",
      filters: ["src/", "test/"],
      exclude: wholeSystem.map((path) => `${path}*/**`).concat(wholeSystem.map((p) => `${p}*.ts`)),
    }),
  ]);
  const whole = await runVitest({ work, title: "whole system", filters: wholeSystem, workers: 1 });
  return add(add(checked, tested), whole);
}

function printSkips(work: string): void {
  const log = join(work, "skips");
  if (!existsSync(log)) return;
  const reasons = new Set(readFileSync(log, "utf8").split("\n").filter(Boolean));
  for (const reason of [...reasons].toSorted()) console.log(`skipped: ${reason}`);
}

async function main(): Promise<number> {
  const filters = process.argv.slice(2);
  const work = mkdtempSync(join(tmpdir(), "tidelock-test-"));
  process.env["TIDELOCK_SKIP_LOG"] = join(work, "skips");
  try {
    if (process.env["TIDELOCK_TEST_INSTALL"] === "1") await installMissingTools();
    const outcome =
      filters.length > 0
        ? await runVitest({ work, title: "tests", filters })
        : await everything(work);
    const required = (process.env["TIDELOCK_TEST_MUST_RUN"] ?? "").split(/\s+/).filter(Boolean);
    const total = add(outcome, suitesThatHadToRun(required, outcome));
    printSkips(work);
    for (const failure of total.failures) console.log(`failed: ${failure}`);
    console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
    return total.failed === 0 && total.passed > 0 ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    stopChildren(signal);
    process.exitCode = 130;
  });
}
process.exitCode = (await main()) || process.exitCode || 0;
