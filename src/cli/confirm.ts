import { createInterface } from "node:readline/promises";
import { TidelockError } from "../model/errors.ts";
import type { CommandContext } from "./context.ts";

/** Asks before something that cannot be taken back. Without a terminal nothing is asked: `--yes` is wanted. */
export async function confirm(
  context: CommandContext,
  question: string,
  yes: boolean,
): Promise<void> {
  if (yes) return;
  const { terminal } = context;
  if (!terminal.interactive) {
    throw new TidelockError("invalid-input", `${question} Nobody is here to answer.`, {
      fault: "operator",
      hint: "say --yes when you are sure",
    });
  }
  const reader = createInterface({ input: terminal.stdin, output: terminal.stderr });
  // readline keeps Ctrl-C to itself; here it means what it means everywhere.
  reader.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const answer = await reader.question(`${question} [y/N] `, { signal: context.signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    reader.close();
  }
  throw new TidelockError("cancelled", "nothing was done", { fault: "operator" });
}
