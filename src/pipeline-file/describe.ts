import type { Problem } from "../model/errors.ts";
import { printable } from "../model/printable.ts";

const maxWidth = 100;

/**
 * The problems of a file as a person reads them on a terminal: place and message, the line itself with a
 * caret under the column, and what would be right. `text` is what was parsed; without it the lines stay out.
 *
 *     tidelock.yaml:12:7: `spec.processes.web.replcas` is not a known key
 *       12 |       replcas: 2
 *          |       ^
 *          = did you mean `replicas`?
 */
export function describeProblems(problems: readonly Problem[], text?: string): string {
  const lines = text?.replace(/^\uFEFF/, "").split(/\r?\n/) ?? [];
  return problems.map((problem) => describeProblem(problem, lines)).join("\n\n");
}

function describeProblem(problem: Problem, lines: readonly string[]): string {
  const [, line, column] = /:(\d+):(\d+)$/.exec(problem.where) ?? [];
  const source = lines[Number(line) - 1];
  const result = [`${problem.where}: ${problem.message}`];
  const margin = " ".repeat(String(line ?? "").length);
  if (source !== undefined && source.trim() !== "") {
    const at = Number(column) - 1;
    // A long line is shown from somewhat before the caret on.
    const start = at > maxWidth - 20 ? at - 20 : 0;
    const lead = start > 0 ? "…" : "";
    const shown = lead + visible(source.slice(start, start + maxWidth));
    const pad = lead + visible(source.slice(start, at));
    result.push(`  ${line} | ${shown}`, `  ${margin} | ${" ".repeat(pad.length)}^`);
  }
  if (problem.hint !== undefined) result.push(`  ${margin} = ${problem.hint}`);
  return result.join("\n");
}

/** One column a character, tabs included, so that the caret stands where it should. */
function visible(text: string): string {
  return printable(text.replaceAll("\t", " "), maxWidth);
}
