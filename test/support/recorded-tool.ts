import { type Files, ToolAgent, checkTree, observationsIn } from "./tool-agent.ts";
import type { Check } from "../../src/ports/check.ts";

/** A program of our own in a tool's place: says its version, and hands over what was recorded. */
export interface Recorded {
  readonly name: string;
  /** What it says when it is asked for its version. */
  readonly version: string;
  readonly report: string;
  /** Where the report goes: a flag before the file's name, or null for its output. */
  readonly flag: string | null;
  readonly exitCode?: number;
  readonly stderr?: string;
}

/** Runs a check with such a program, and answers with the report and with what it was started with. */
export async function runRecorded(
  check: Check,
  recorded: Recorded,
  more: {
    readonly tree?: Files;
    readonly configuration?: Record<string, unknown>;
    readonly instances?: readonly string[];
  } = {},
) {
  await using agent = await ToolAgent.with({
    "recorded-report": "not here",
    ...more.tree,
  });
  const program = `#!${process.execPath}
const fs = require("node:fs");
const argv = process.argv.slice(2);
const recorded = ${JSON.stringify(recorded)};
if (argv.some((word) => /^-*version$/.test(word))) { console.log(recorded.version); process.exit(0); }
fs.writeFileSync(${JSON.stringify(`${agent.folder}/argv.json`)}, JSON.stringify({ argv, env: process.env, files: fs.readdirSync(".") }));
if (recorded.stderr) console.error(recorded.stderr);
if (recorded.flag === null) fs.writeSync(1, recorded.report);
else fs.writeFileSync(argv[argv.indexOf(recorded.flag) + 1], recorded.report);
process.exit(recorded.exitCode ?? 0);
`;
  await agent.program(recorded.name, program);
  const report = await checkTree(check, agent, more.configuration ?? {}, {
    timeout: 60_000,
    ...(more.instances === undefined ? {} : { instances: more.instances }),
  });
  const { readFile } = await import("node:fs/promises");
  const started = await readFile(`${agent.folder}/argv.json`, "utf8").then(
    (text) => JSON.parse(text) as { argv: string[]; env: Record<string, string>; files: string[] },
    () => null,
  );
  return { report, started, hits: report.raw === undefined ? [] : readHits(report) };
}

function readHits(report: Parameters<typeof observationsIn>[0]) {
  try {
    return observationsIn(report);
  } catch {
    return [];
  }
}
