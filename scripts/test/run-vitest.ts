import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { type Outcome, add, failed, nothing } from "./outcome.ts";
import { ending, root, start } from "./run-step.ts";
import { unhandledVariable } from "./unhandled-errors.ts";

/** The part of vitest's JSON report that is counted here. */
const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});
type Suite = z.infer<typeof Report>["testResults"][number];

interface VitestRun {
  /** Folder for the report. */
  readonly work: string;
  readonly title: string;
  readonly filters: readonly string[];
  readonly exclude?: readonly string[];
  readonly workers?: number;
  /** Files whose process died under them have one further run. */
  readonly again?: boolean;
}

/** Runs the test files that match and counts their tests; a file that does not even load is a failure. */
export async function runVitest(run: VitestRun): Promise<Outcome> {
  const report = join(run.work, `${run.title.replaceAll(" ", "-")}.json`);
  const args = [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--passWithNoTests",
    "--reporter=default",
    "--reporter=json",
    `--reporter=${join(import.meta.dirname, "unhandled-errors.ts")}`,
    `--outputFile.json=${report}`,
    ...(run.workers === undefined ? [] : [`--maxWorkers=${run.workers}`]),
    ...(run.exclude ?? []).map((pattern) => `--exclude=${pattern}`),
    ...run.filters,
  ];
  const unhandled = `${report}.unhandled`;
  process.env[unhandledVariable] = unhandled;
  const child = start(process.execPath, args, "inherit");
  if (child === null) return failed(`${run.title}: interrupted`);
  const code = await ending(child);
  if (!existsSync(report)) return code === 0 ? nothing : failed(`${run.title}: ended with ${code}`);
  const files = Report.parse(JSON.parse(readFileSync(report, "utf8"))).testResults;
  const deaths = run.again === true ? null : onlyDeaths(unhandled);
  const dead =
    deaths === null ? [] : files.filter((file) => deaths.includes(file.name)).map(nameOf);
  const outcome = count(files.filter((file) => !dead.includes(nameOf(file))));
  if (dead.length > 0) {
    for (const name of dead) console.log(`the process that ran ${name} died: it runs once more`);
    const title = `${run.title} once more`;
    return add(outcome, await runVitest({ work: run.work, title, filters: dead, again: true }));
  }
  // For instance an error outside every test: the report is clean, the run was not.
  if (code !== 0 && outcome.failed === 0) {
    return { ...outcome, ...sum(outcome, `${run.title}: vitest ended with ${code}`) };
  }
  return outcome;
}

/**
 * Files whose process crashed or was killed under them, as a signal is no answer of any test; null when there was
 * any other error outside of the tests, which no further run makes good.
 */
function onlyDeaths(unhandled: string): readonly string[] | null {
  if (!existsSync(unhandled)) return null;
  const messages = z.array(z.string()).parse(JSON.parse(readFileSync(unhandled, "utf8")));
  const files = messages.map((text) => /with signal \w+ .*running test file (.+)$/.exec(text)?.[1]);
  return files.every((file) => file !== undefined) ? files : null;
}

const nameOf = (file: Suite): string => relative(root, file.name);

function sum(outcome: Outcome, failure: string): Pick<Outcome, "failed" | "failures"> {
  return { failed: outcome.failed + 1, failures: [...outcome.failures, failure] };
}

function count(files: readonly Suite[]): Outcome {
  const failures: string[] = [];
  const suites = new Map<string, { ran: number; skipped: number }>();
  let good = 0;
  let skipped = 0;
  for (const file of files) {
    const name = nameOf(file);
    const suite = { ran: 0, skipped: 0 };
    for (const test of file.assertionResults) {
      if (test.status === "passed") good += 1;
      else if (test.status === "failed") failures.push(`${name}: ${test.fullName}`);
      else suite.skipped += 1;
    }
    suite.ran = file.assertionResults.length - suite.skipped;
    skipped += suite.skipped;
    const failedHere = file.assertionResults.some((test) => test.status === "failed");
    if (file.status === "failed" && !failedHere) {
      failures.push(`${name}: ${(file.message ?? "").split("\n")[0] ?? "did not load"}`);
    }
    suites.set(name, suite);
  }
  return { passed: good, failed: failures.length, skipped, failures, suites };
}
