import { exit, type ExitCode } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import { policySignHint } from "./proposal-card.ts";

/** Says what two people have to sign before what was asked for counts. */
export function waitNote(
  terminal: Terminal,
  { waitsFor }: { readonly waitsFor?: string | undefined },
): ExitCode {
  if (waitsFor === undefined) return exit.done;
  terminal.note("in governance team this counts when two people have signed it, and not before");
  terminal.note(policySignHint(waitsFor));
  return exit.waiting;
}
