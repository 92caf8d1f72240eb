import { exit, type ExitCode } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import { policySignHint } from "./proposal-card.ts";

/** Says what two people have to sign before what was asked for counts. */
export function waitNote(
  terminal: Terminal,
  { waitsFor }: { readonly waitsFor?: string | undefined },
): ExitCode {
  if (waitsFor === undefined) return exit.done;
  terminal.note("who may sign changes of policy is policy too: this waits for two people");
  terminal.note(policySignHint(waitsFor));
  return exit.waiting;
}
