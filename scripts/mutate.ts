// `npm run mutate`: changes the policy's code in small ways, one at a time, and shows which change no test notices.
//
//   npm run mutate                        the evaluator: gate, evidence, decide, grades, predecessors, rules, cel
//   npm run mutate -- <file>...           these only, for example src/policy/gate.ts
//   npm run mutate -- --every 10          every tenth only
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { copyTree, removeCopies } from "./break-it/copy-tree.ts";
import { equivalents } from "./mutate/equivalents.ts";
import { type Mutant, mutantsOf } from "./mutate/mutants.ts";
import type { Job } from "./mutate/worker.ts";
import { root } from "./test/run-step.ts";

const usual = [
  "src/policy/gate.ts",
  "src/policy/evidence.ts",
  "src/policy/decide.ts",
  "src/policy/grades.ts",
  "src/policy/predecessors.ts",
  "src/policy/rules.ts",
  "src/policy/cel/evaluate.ts",
  "src/policy/cel/logic.ts",
  "src/policy/cel/loops.ts",
];

/** What ought to notice a change of a file: the tests beside it, then those of what is built on it, then the slow ones. */
function testsOf(file: string): readonly (readonly string[])[] {
  const beside = join(dirname(file), `${basename(file, ".ts")}.test.ts`);
  const groups = file.includes("/cel/")
    ? [
        [beside, "src/policy/cel/evaluate.test.ts"],
        ["src/policy/rules.test.ts"],
        ["src/policy/cel/totality.test.ts"],
      ]
    : [
        [beside, "src/policy/gate.test.ts"],
        ["src/policy/rules.test.ts", "src/policy/floor.test.ts", "src/policy/admission.test.ts"],
        ["src/policy/replay.test.ts"],
      ];
  return groups
    .map((group) => [...new Set(group)].filter((one) => existsSync(join(root, one))))
    .filter((group) => group.length > 0);
}

async function work(jobs: Job[], said: (job: Job, outcome: string) => void): Promise<void> {
  const copy = copyTree();
  const script = join(import.meta.dirname, "mutate", "worker.ts");
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", script, copy.tree],
    {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: copy.temporary },
    },
  );
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    while ((await lines.next()).value !== "ready");
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      let answer = await lines.next();
      while (!answer.done && !answer.value.startsWith('"')) answer = await lines.next();
      if (answer.done) throw new Error("the process that runs the tests has ended");
      said(job, JSON.parse(answer.value) as string);
    }
  } finally {
    child.stdin.end();
    child.kill();
    if (child.exitCode === null) await once(child, "exit");
    copy.remove();
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { every: { type: "string", default: "1" } },
    allowPositionals: true,
  });
  const files = positionals.length > 0 ? positionals : usual;
  const every = Math.max(1, Number(values.every));
  const mutants = files
    .flatMap((file) => mutantsOf(file, readFileSync(join(root, file), "utf8")))
    .filter((_, index) => index % every === 0);
  console.log(`${mutants.length} mutants of ${files.length} files`);
  const counts: Record<string, number> = {};
  const survivors: Mutant[] = [];
  const jobs = mutants.map((mutant) => ({ mutant, tests: testsOf(mutant.file) }));
  const said = ({ mutant }: Job, outcome: string): void => {
    const known = outcome === "survived" ? equivalent(mutant) : null;
    const what = known === null ? outcome : "equivalent";
    counts[what] = (counts[what] ?? 0) + 1;
    if (what !== "survived") return;
    survivors.push(mutant);
    console.log(
      `${mutant.file}:${mutant.line}: \`${mutant.was}\` -> \`${mutant.becomes}\` survived`,
    );
  };
  await Promise.all([work(jobs, said), work(jobs, said)]);
  console.log(JSON.stringify(counts));
  return survivors.length === 0 ? 0 : 1;
}

/** Why it is none that anything could notice, or null. */
function equivalent({ file, line, was, becomes }: Mutant): string | null {
  const text = readFileSync(join(root, file), "utf8").split("\n")[line - 1]?.trim() ?? "";
  const found = equivalents.find(
    (one) =>
      one.file === file && text.includes(one.line) && one.was === was && one.becomes === becomes,
  );
  return found?.why ?? null;
}

process.on("SIGINT", () => {
  removeCopies();
  process.exit(130);
});
process.exitCode = await main();
