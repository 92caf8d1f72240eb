import type { z } from "zod";
import { printable } from "../../model/printable.ts";
import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { CheckProcess } from "../../ports/host-agent.ts";
import type { Plan, Reading, RunFacts, ToolDefinition } from "./definition.ts";
import { Reply } from "./order.ts";

/** Formats whose report is one JSON document. */
const jsonFormats = new Set([
  "sarif",
  "bandit",
  "semgrep",
  "gitleaks",
  "npm-audit",
  "eslint",
  "checkov",
  "trivy",
  "grype",
  "osv",
  "wapiti",
  "zap",
  "kube-linter",
  "hadolint",
  "nuclei",
  "testssl",
]);

type AnyTool = Pick<
  ToolDefinition<z.ZodType>,
  "id" | "install" | "version" | "wholeExits" | "report" | "tree"
> & { read(report: unknown, facts: RunFacts): Reading };

/**
 * What the end of a tool's run is worth. Only a tool that ended as it should, with a whole report about all
 * that concerned it, is `pass` (which says no more than that the scan was whole: hits are judged later).
 */
export function interpret(tool: AnyTool, plan: Plan, ended: CheckProcess): CheckReport {
  const reply = replyIn(ended.stderr);
  if (ended.timedOut) return report(tool, "error", "it did not end within its time limit", reply);
  if (ended.signal !== null) return report(tool, "error", `it was ended by ${ended.signal}`, reply);
  if (reply === null) {
    return report(tool, "error", `it could not be run: ${lastLine(ended.stderr)}`, null);
  }
  if (reply.trouble !== null) return troubled(tool, reply);
  const version = safeVersion(tool, reply);
  if (version === null) {
    const said = lastLine(reply.probes[0]?.text ?? "");
    return report(tool, "error", `its version probe did not answer as expected: ${said}`, reply);
  }
  const known = { ...reply, version };
  // Relative to what was scanned, wherever that lay.
  const text = reply.base.length > 1 ? ended.stdout.replaceAll(`${reply.base}/`, "") : ended.stdout;
  const raw = {
    format: tool.report.format,
    text,
    truncated: ended.truncated || reply.stopped !== null,
  };
  const bad = wrongEnd(tool, reply, ended);
  if (bad !== null) return { ...report(tool, "error", bad, known, plan), raw };
  const parsed = parse(tool, text);
  if (parsed.kind === "bad") return { ...report(tool, "error", parsed.why, known, plan), raw };
  return { ...read(tool, plan, parsed.value, known), raw };
}

function troubled(tool: AnyTool, reply: Reply): CheckReport {
  const { kind, text } = reply.trouble ?? { kind: "failed", text: "" };
  if (kind === "missing") {
    return report(tool, "missing", `${text}; install it with \`${tool.install}\``, reply);
  }
  if (kind === "nothing") return report(tool, "inconclusive", `nothing to scan: ${text}`, reply);
  return report(tool, "error", text, reply);
}

/** Why a run's end, whatever its report says, is no whole scan. */
function wrongEnd(tool: AnyTool, reply: Reply, ended: CheckProcess): string | null {
  const said = lastLine(reply.stderrTail === "" ? reply.stdoutTail : reply.stderrTail);
  const because = said === "" ? "" : `; it said: ${said}`;
  if (reply.stopped !== null) return `it was ended: ${reply.stopped}`;
  if (reply.signal !== null) return `it was ended by ${reply.signal}${because}`;
  if (!tool.wholeExits.includes(reply.exitCode ?? -1)) {
    return `it ended with exit code ${reply.exitCode}, which is an error${because}`;
  }
  if (reply.reportTrouble !== null) return `${reply.reportTrouble}${because}`;
  if (ended.truncated) return "its report is too long to be kept";
  if (ended.stdout.trim() === "") return `its report is empty${because}`;
  if (ended.stdout.includes("\0") || ended.stdout.includes("\uFFFD")) {
    return "its report is not text";
  }
  return null;
}

type Parsed =
  | { readonly kind: "good"; readonly value: unknown }
  | { readonly kind: "bad"; readonly why: string };

function parse(tool: AnyTool, text: string): Parsed {
  if (!jsonFormats.has(tool.report.format)) return { kind: "good", value: text };
  try {
    const value: unknown = JSON.parse(text);
    return { kind: "good", value };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: "bad", why: `its report is no whole JSON: ${printable(why, 200)}` };
  }
}

function read(
  tool: AnyTool,
  plan: Plan,
  value: unknown,
  known: Reply & { version: string },
): CheckReport {
  let reading: Reading;
  try {
    reading = tool.read(value, {
      plan,
      concerned: known.concerned,
      exitCode: known.exitCode ?? -1,
      stdout: known.stdoutTail,
      stderr: known.stderrTail,
      probes: known.probes.map(({ text }) => text),
      tally: known.tally,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `its report is not of the form ${tool.report.format}: ${printable(why, 300)}`;
    return report(tool, "error", text, known, plan);
  }
  const exercised = { requests: 0, assertions: 0, files: 0, ...reading.exercised };
  const own = {
    ...report(tool, "error", reading.broken ?? "", known, plan, reading),
    exercised,
  };
  if (reading.broken !== undefined) return own;
  const problems = [
    ...(reading.problems ?? []),
    ...(known.unread.length === 0
      ? []
      : [
          `${known.unread.length} could not be looked through: ${printable(known.unread[0] ?? "", 200)}`,
        ]),
    ...missed(tool, known, exercised.files),
  ];
  const looked = whatWasLookedAt(exercised);
  const { unmet = [], thin } = reading;
  if (unmet.length > 0) {
    const results = unmet.map((name) => ({ name, verdict: "fail" as const, message: "" }));
    const summary = `${tool.id}: ${printable(unmet.slice(0, 3).join("; "), 800)}`;
    return { ...own, verdict: "fail", summary, results };
  }
  if (problems.length > 0) {
    const listed = problems.slice(0, 3).join("; ");
    return {
      ...own,
      verdict: "partial",
      summary: `${looked}, but not all: ${printable(listed, 800)}`,
    };
  }
  const little = thin ?? (looked === "" ? "it exercised nothing" : undefined);
  if (little !== undefined) {
    return { ...own, verdict: "inconclusive", summary: `${tool.id}: ${little}` };
  }
  return {
    ...own,
    verdict: "pass",
    summary: `${tool.id} ${known.version} ${looked}${aside(known)}`,
  };
}

/** A tool that says it looked at fewer files than there are for it has left some out. */
function missed(tool: AnyTool, { concerned }: Reply, files: number): readonly string[] {
  if (tool.tree === null || files >= concerned) return [];
  return [`it looked at ${files} of ${concerned} files that concern it`];
}

function whatWasLookedAt(exercised: CheckReport["exercised"]): string {
  const { files, requests, assertions } = exercised;
  const parts = [
    files === 0 ? "" : `${files} files`,
    requests === 0 ? "" : `${requests} requests`,
    assertions === 0 ? "" : `${assertions} assertions`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : `exercised ${parts.join(", ")}`;
}

function aside({ excluded, leftOut, defused }: Reply): string {
  const parts = [
    excluded === 0 ? "" : `${excluded} paths left out by the pipeline`,
    leftOut.length === 0 ? "" : `${leftOut.length} of its own settings files in the tree not used`,
    defused === 0 ? "" : `comments in ${defused} files made harmless`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

function report(
  tool: AnyTool,
  verdict: Verdict,
  summary: string,
  known: (Reply & { readonly version?: string }) | null,
  plan?: Plan,
  reading?: Reading,
): CheckReport {
  const data = {
    ...(known?.program ? { program: `${known.program.path} sha256:${known.program.sha256}` } : {}),
    ...plan?.data,
    ...reading?.data,
  };
  return {
    verdict,
    summary: `${verdict === "pass" ? "" : `${tool.id}: `}${printable(summary, 1_500)}`,
    exercised: { requests: 0, assertions: 0, files: 0 },
    tools: known?.version === undefined ? {} : { [tool.id]: known.version },
    results: [],
    ...(Object.keys(data).length === 0 ? {} : { data }),
    ...(known === null || known.asked.length === 0
      ? {}
      : { suppressions: known.asked.map((one) => ({ ...one, tool: tool.id })) }),
  };
}

function safeVersion(tool: AnyTool, reply: Reply): string | null {
  return tool.version.pattern.exec(reply.probes[0]?.text ?? "")?.[1]?.slice(0, 100) ?? null;
}

/** The harness's last line; whatever else stands on stderr is Node's. */
function replyIn(stderr: string): Reply | null {
  const line = stderr.trimEnd().split("\n").at(-1) ?? "";
  try {
    return Reply.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function lastLine(text: string): string {
  return printable(text.trimEnd().split("\n").at(-1)?.trim() ?? "", 300);
}
