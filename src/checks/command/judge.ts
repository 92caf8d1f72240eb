import { printable } from "../../model/printable.ts";
import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { CheckProcess } from "../../ports/host-agent.ts";
import { parseJsonPath, readJsonPath } from "../json-path.ts";
import { safeExec } from "../safe-match.ts";
import type { CommandConfiguration } from "./schema.ts";

/** Turns a finished program into a report: its exit code says what it found, its output that it looked. */
export function judge(process: CheckProcess, configuration: CommandConfiguration): CheckReport {
  const ended = judgeEnd(process, configuration);
  const counted = count(process, configuration.minimum);
  const enough = counted.enough || (ended.verdict !== "pass" && ended.verdict !== "warn");
  const verdict = enough ? ended.verdict : "inconclusive";
  const seconds = (process.durationMs / 1_000).toFixed(1);
  const parts = [`${configuration.command[0]} ${ended.text} after ${seconds} s`];
  if (counted.text !== null) parts.push(counted.text);
  if (verdict !== "pass") parts.push(lastLine(process));
  return {
    verdict,
    summary: printable(parts.filter((part) => part !== "").join("; "), 1_000),
    // The exit code is one assertion, unless the output has to show more.
    exercised: { requests: 0, assertions: verdict === "error" ? 0 : counted.number, files: 0 },
    tools: {},
    results: [
      { name: "exit", verdict: ended.verdict, message: ended.text },
      ...(counted.text === null
        ? []
        : [
            {
              name: "minimum",
              verdict: counted.enough ? ("pass" as const) : ("inconclusive" as const),
              message: counted.text,
            },
          ]),
    ],
    raw: { format: configuration.format, text: output(process), truncated: process.truncated },
  };
}

function judgeEnd(
  process: CheckProcess,
  configuration: CommandConfiguration,
): { verdict: Verdict; text: string } {
  if (process.timedOut) return { verdict: "error", text: "did not end within its time limit" };
  if (process.signal !== null) return { verdict: "error", text: `was ended by ${process.signal}` };
  if (process.exitCode === null) return { verdict: "error", text: "could not be started" };
  const text = `ended with exit code ${process.exitCode}`;
  return {
    verdict: configuration.exitCodes[`${process.exitCode}`] ?? configuration.otherwise,
    text,
  };
}

function count(
  process: CheckProcess,
  minimum: CommandConfiguration["minimum"],
): { number: number; enough: boolean; text: string | null } {
  if (minimum === undefined) return { number: 1, enough: true, text: null };
  const found =
    minimum.from === "text" ? fromText(process, minimum.pattern) : fromJson(process, minimum.path);
  if (found === null) {
    return { number: 0, enough: false, text: "its output does not show how much was tested" };
  }
  const enough = found >= minimum.atLeast;
  return { number: found, enough, text: `${found} tested, at least ${minimum.atLeast} expected` };
}

function fromText(process: CheckProcess, pattern: string): number | null {
  for (const text of [process.stdout, process.stderr]) {
    const { groups } = safeExec(pattern, text);
    const number = wholeNumber(groups[1]);
    if (number !== null) return number;
  }
  return null;
}

function fromJson(process: CheckProcess, path: string): number | null {
  try {
    return wholeNumber(readJsonPath(JSON.parse(process.stdout), parseJsonPath(path) ?? []));
  } catch {
    return null;
  }
}

function wholeNumber(value: unknown): number | null {
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

function output({ stdout, stderr }: CheckProcess): string {
  if (stderr === "") return stdout;
  if (stdout === "") return stderr;
  return `${stdout}${stdout.endsWith("\n") ? "" : "\n"}--- stderr ---\n${stderr}`;
}

/** What a person looks for first when a program failed. */
function lastLine({ stdout, stderr }: CheckProcess): string {
  const lines = (stderr.trim() === "" ? stdout : stderr).trimEnd().split("\n");
  const last = lines.at(-1)?.trim() ?? "";
  return last === "" ? "" : `it said: ${printable(last, 300)}`;
}
