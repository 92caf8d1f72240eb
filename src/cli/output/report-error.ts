import { asTidelockError, type Problem, type TidelockError } from "../../model/errors.ts";
import { exitCodeOf, type ExitCode } from "../exit-codes.ts";
import { clean, type Terminal } from "../terminal.ts";

/**
 * Says on stderr what is wrong, where and what to do; several problems of one file come with the line
 * itself and a caret. `sources` are the texts that the command read, by the name it gave them.
 */
export function reportError(
  terminal: Terminal,
  error: unknown,
  sources: ReadonlyMap<string, string>,
): ExitCode {
  const known = asTidelockError(error);
  const say = (label: string, text: string): void =>
    terminal.note(`${terminal.style(labelStyle(label), `${label}:`, "stderr")} ${clean(text)}`);
  say("error", known.message);
  if (known.problems === undefined) {
    if (known.where !== undefined) say("where", known.where);
    if (known.hint !== undefined) say("hint", known.hint);
  } else {
    for (const problem of known.problems) reportProblem(terminal, problem, sources);
  }
  if (known.fault === "bug" && known.code === "internal") sayBug(terminal, known);
  return exitCodeOf(known.code);
}

function labelStyle(label: string): "red" | "cyan" | "yellow" {
  if (label === "error") return "red";
  return label === "hint" ? "cyan" : "yellow";
}

function reportProblem(
  terminal: Terminal,
  problem: Problem,
  sources: ReadonlyMap<string, string>,
): void {
  const place = /^(.*):(\d+):(\d+)$/.exec(problem.where);
  const source = place === null ? undefined : sources.get(place[1] ?? "");
  terminal.note(`\n${clean(problem.where)}: ${clean(problem.message)}`);
  if (place !== null && source !== undefined) {
    const [line, column] = [Number(place[2]), Number(place[3])];
    const text = source.split(/\r?\n/, line)[line - 1];
    if (text !== undefined) {
      const number = String(line).padStart(4);
      const before = clean(text.slice(0, column - 1));
      terminal.note(`${number} | ${clean(text)}`);
      terminal.note(`     | ${" ".repeat(before.length)}${terminal.style("red", "^", "stderr")}`);
    }
  }
  if (problem.hint !== undefined) {
    terminal.note(`${terminal.style("cyan", "hint:", "stderr")} ${clean(problem.hint)}`);
  }
}

function sayBug(terminal: Terminal, error: TidelockError): void {
  if (process.env["TIDELOCK_DEBUG"] === undefined) {
    terminal.note("This looks like a mistake of ours; TIDELOCK_DEBUG=1 shows where it happened.");
    return;
  }
  const cause = error.cause instanceof Error ? error.cause : error;
  for (const line of (cause.stack ?? cause.message).split("\n")) terminal.note(clean(line));
}
