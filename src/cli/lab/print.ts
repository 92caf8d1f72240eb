import type { OutputFormat } from "../options.ts";
import { printList } from "../output/print.ts";
import type { Terminal } from "../terminal.ts";
import type { Judged } from "./assertions.ts";

/** What somebody reads in one line of a table. */
const longest = 120;

export async function printJudged(
  terminal: Terminal,
  format: OutputFormat,
  judged: readonly Judged[],
): Promise<void> {
  await printList(terminal, format, {
    items: judged,
    columns: [
      { title: "", value: ({ holds }) => (holds ? "✓" : "✗") },
      { title: "what has to hold", value: ({ says }) => says },
      { title: "what was seen", value: ({ seen }) => seen.slice(0, longest) },
    ],
    name: ({ says, holds }) => `${holds ? "holds" : "fails"}: ${says}`,
    empty: "this lab has no challenge",
  });
}
