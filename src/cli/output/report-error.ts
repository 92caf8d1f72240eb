import { asTidelockError, type Problem, type TidelockError } from "../../model/errors.ts";
import { describeProblems } from "../../pipeline-file/describe.ts";
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
    terminal.note(`${terminal.style(labelStyle(label), `${label}:`, "stderr")} ${lines(text)}`);
  say("error", known.message);
  if (known.problems === undefined) {
    if (known.where !== undefined) say("where", known.where);
    if (known.hint !== undefined) say("hint", known.hint);
  } else {
    const problems = known.problems.map(cleaned);
    const file = /^(.*?)(:\d+:\d+)?$/.exec(known.problems[0]?.where ?? "")?.[1] ?? "";
    terminal.note(`\n${describeProblems(problems, sources.get(file))}`);
  }
  if (known.fault === "bug" && known.code === "internal") sayBug(terminal, known);
  return exitCodeOf(known.code);
}

/** A hint may be the end of a log: its lines stay lines, set in. */
function lines(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => clean(line))
    .join("\n  ");
}

function labelStyle(label: string): "red" | "cyan" | "yellow" {
  if (label === "error") return "red";
  return label === "hint" ? "cyan" : "yellow";
}

function cleaned({ where, message, hint }: Problem): Problem {
  return {
    where: clean(where),
    message: clean(message),
    ...(hint === undefined ? {} : { hint: clean(hint) }),
  };
}

function sayBug(terminal: Terminal, error: TidelockError): void {
  if (process.env["TIDELOCK_DEBUG"] === undefined) {
    terminal.note("This looks like a mistake of ours; TIDELOCK_DEBUG=1 shows where it happened.");
    return;
  }
  const cause = error.cause instanceof Error ? error.cause : error;
  for (const line of (cause.stack ?? cause.message).split("\n")) terminal.note(clean(line));
}
