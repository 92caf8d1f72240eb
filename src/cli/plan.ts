import type { PlanView } from "../api/views.ts";
import { exit, type ExitCode } from "./exit-codes.ts";
import type { OutputFormat } from "./options.ts";
import { printDocument } from "./output/print.ts";
import { renderTable } from "./output/table.ts";
import { icon, shortDigest } from "./output/words.ts";
import { clean, type Terminal } from "./terminal.ts";

/** Shows what a promotion would change and whether it may start: exit code 3 when a gate says no, 5 when it waits. */
export async function showPlan(
  terminal: Terminal,
  format: OutputFormat,
  view: PlanView,
): Promise<ExitCode> {
  if (format === "json" || format === "yaml") await printDocument(terminal, format, view);
  else if (format === "name") terminal.print(view.digest);
  else printPlan(terminal, view);
  const codes = {
    allow: exit.done,
    deny: exit.denied,
    wait: exit.waiting,
    "break-glass": exit.done,
  };
  // A wait ends, and the gate would still say no.
  return view.gate?.outcome === "deny" ? exit.denied : codes[view.decision.outcome];
}

function printPlan(terminal: Terminal, view: PlanView): void {
  const { lane, steps } = view.plan;
  const rows = view.changes.map(({ area, text }) => [clean(area), clean(text)]);
  terminal.print(terminal.style("bold", `${lane.service} to ${lane.environment}`));
  if (rows.length === 0) terminal.print("nothing would change");
  else for (const line of renderTable(["area", "change"], rows)) terminal.print(line);
  if (view.commits.length > 0) {
    terminal.print("");
    const commits = view.commits.map(({ revision, author, subject }) => [
      revision.slice(0, 12),
      clean(author),
      clean(subject),
    ]);
    for (const line of renderTable(["commit", "author", "subject"], commits)) terminal.print(line);
  }
  terminal.print("");
  terminal.print(`steps     ${steps.map((step) => step.kind).join(", ")}`);
  for (const { name, require, from } of view.plan.rules ?? []) {
    const whose = from === "floor" ? " (of the environment)" : "";
    terminal.print(`rule      ${name}${whose}: ${clean(require.replace(/\s+/g, " ").trim())}`);
  }
  terminal.print(`way back  ${clean(view.wayBack)}`);
  terminal.print(`plan      ${shortDigest(view.digest)}`);
  terminal.print("");
  for (const { outcome, message, rule } of view.decision.reasons) {
    terminal.print(
      `${icon(terminal, outcome, "stdout")} ${outcome}  ${clean(message)} (${clean(rule)})`,
    );
  }
  printGate(terminal, view);
  const words = {
    allow: "it may start",
    deny: "it is denied",
    wait: "it has to wait",
    "break-glass": "it may start by BREAK-GLASS, and not by its evidence",
  };
  const gate =
    view.gate?.outcome === "deny" && view.decision.outcome !== "deny"
      ? ", and its gate would deny it"
      : "";
  terminal.print(`${words[view.decision.outcome]}${gate}`);
}

/** What is known already of its gate: requirements, threat model, rules; of what good is nothing is said. */
function printGate(terminal: Terminal, { gate }: PlanView): void {
  if (gate === undefined || gate.parts.length === 0) return;
  terminal.print("");
  terminal.print("at its gate:");
  for (const { outcome, message, rule, pending, next } of gate.parts) {
    const sign = icon(terminal, pending ? "pending" : outcome, "stdout");
    terminal.print(`${sign} ${pending ? "not yet" : outcome}  ${clean(message)} (${clean(rule)})`);
    if (next !== null) terminal.print(`    do  ${clean(next)}`);
  }
  terminal.print("");
}
