import type { DecisionAgain } from "../../audit/checks/decisions.ts";
import type { OutputFormat } from "../options.ts";
import { printDocument, printList } from "../output/print.ts";
import { shortDigest } from "../output/words.ts";
import { exit, type ExitCode } from "../exit-codes.ts";
import { clean, type Terminal } from "../terminal.ts";

/** One decision as it was recorded and as it follows now. */
export type AgainLine = Omit<DecisionAgain, "entry" | "stream">;

const words = {
  same: "the same",
  differs: "DIFFERS",
  unknown: "cannot be made again here",
} as const;

/** Decision by decision, and then in one sentence. `more`: what else stands in the document for programs. */
export async function printAgain(
  terminal: Terminal,
  format: OutputFormat,
  lines: readonly AgainLine[],
  more: Readonly<Record<string, unknown>>,
): Promise<void> {
  const counts = countsOf(lines);
  if (format === "json" || format === "yaml") {
    return printDocument(terminal, format, { ...more, counts, decisions: lines });
  }
  await printList(terminal, format, {
    items: lines,
    columns: [
      { title: "decision", value: ({ operation }) => operation },
      { title: "outcome", value: ({ outcome }) => outcome ?? "unknown" },
      { title: "recorded", value: ({ recorded }) => digestText(recorded) },
      { title: "recomputed", value: ({ recomputed }) => digestText(recomputed) },
      { title: "evaluator", value: ({ evaluator }) => evaluator ?? "none named" },
      { title: "policy", wide: true, value: ({ policy }) => digestText(policy) },
      { title: "inputs", wide: true, value: ({ inputs }) => digestText(inputs) },
      { title: "result", value: ({ result }) => words[result] },
    ],
    name: ({ operation }) => operation,
    empty: "it holds no decision",
  });
  if (format === "name") return;
  for (const { operation, result, why } of lines) {
    const icon = result === "differs" ? "✗" : "?";
    for (const one of result === "same" ? [] : why) {
      terminal.print(clean(`${icon} ${operation}: ${one}`, 2_000));
    }
  }
  terminal.print(
    `${counts.same} made again and the same, ${counts.differs} other than recorded, ${counts.unknown} that cannot be made again here`,
  );
}

function countsOf(lines: readonly AgainLine[]): Record<AgainLine["result"], number> {
  const of = (result: AgainLine["result"]) => lines.filter((one) => one.result === result).length;
  return { same: of("same"), differs: of("differs"), unknown: of("unknown") };
}

/** Only what was made again and is the same is shown; what nobody can tell is neither right nor wrong. */
export function codeOfAgain(lines: readonly AgainLine[]): ExitCode {
  if (lines.some(({ result }) => result === "differs")) return exit.verification;
  return lines.length > 0 && lines.every(({ result }) => result === "same")
    ? exit.done
    : exit.failed;
}

function digestText(digest: string | null): string {
  return digest === null ? "none" : shortDigest(digest);
}
