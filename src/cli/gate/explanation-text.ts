import type { ExplainedPart, GateExplanation, LiveExplanation } from "../../api/views/gate.ts";
import type { EvidenceView } from "../../api/views.ts";
import type { OutputFormat } from "../options.ts";
import { printDocument } from "../output/print.ts";
import { icon, shortDigest, spanText, when } from "../output/words.ts";
import { clean, type Terminal } from "../terminal.ts";

/** For somebody who was woken up: what is wrong first, with what to do; what is well in a line. */
export async function printExplanation(
  terminal: Terminal,
  format: OutputFormat,
  view: GateExplanation,
): Promise<void> {
  if (format === "json" || format === "yaml") return printDocument(terminal, format, view);
  if (format === "name") return terminal.print(view.outcome);
  const { service, environment, release, summary, waiting, promotion, state, at, inputs } = view;
  const title = `${service}@${release.version} to ${environment}`;
  terminal.print(`${terminal.style("bold", clean(title))}: ${clean(summary)}`);
  const whose = promotion === null ? state : `promotion ${promotion}, ${state}`;
  const decided = view.about === "decision" ? `, decided ${when(at)} (${ago(at)} ago)` : "";
  const kept = inputs === null ? "" : `, inputs ${shortDigest(inputs)}`;
  terminal.print(`${clean(whose)}${decided}${kept}`);
  if (waiting !== null) {
    const until = waiting.until === null ? "" : ` until ${when(waiting.until)}`;
    const who = waiting.who === "" ? "" : ` (${clean(waiting.who)})`;
    terminal.print(
      `${icon(terminal, "wait", "stdout")} waits${until}: ${clean(waiting.reason)}${who}`,
    );
  }
  if (view.live !== undefined) printLive(terminal, view, view.live);
  if (view.evidence !== undefined) printEvidence(terminal, view.evidence);
  terminal.print("");
  for (const part of view.parts) printPart(terminal, part, format === "wide");
}

const firstShown = 3;

/** Since when something by which it is live counts no more, and what to do. */
function printEvidence(terminal: Terminal, { contradicted, stale }: EvidenceView): void {
  if (contradicted !== null) {
    const { since, reason, handled, next } = contradicted;
    const done = handled === null ? "" : ` (${clean(handled)})`;
    terminal.print(
      `${icon(terminal, "deny", "stdout")} contradicted since ${when(since)}: ${clean(reason)}${done}`,
    );
    terminal.print(`    next     ${clean(next)}`);
  }
  for (const { check, since, next } of stale) {
    terminal.print(
      `${icon(terminal, "wait", "stdout")} stale since ${when(since)}: check ${clean(check)}`,
    );
    terminal.print(`    next     ${clean(next)}`);
  }
}

/** What users meet, and whether it would be let through today. */
function printLive(terminal: Terminal, view: GateExplanation, live: LiveExplanation): void {
  const { service } = view;
  const { release, since, promotion, decided, today } = live;
  const by = promotion === null ? "" : ` by promotion ${promotion}`;
  const words = {
    allow: "allowed",
    deny: "denied",
    wait: "told to wait",
    "break-glass": "let through by BREAK-GLASS, not by its evidence,",
  } as const;
  const then = decided === null ? "" : `, ${words[decided.outcome]} ${when(decided.at)}`;
  terminal.print(
    `live: ${clean(`${service}@${release.version}`)} since ${when(since)}${by}${then}`,
  );
  terminal.print(`${icon(terminal, today.outcome, "stdout")} ${clean(today.summary)}`);
  // Of the very same release the parts say it whole.
  if (view.about === "preview" && view.release.id === release.id) return;
  for (const message of today.against.slice(0, firstShown)) {
    terminal.print(`    ${clean(message)}`);
  }
  const more = today.against.length - firstShown;
  if (more > 0) {
    const asked = `tidelock gate explain ${service}@${release.version} --to ${view.environment}`;
    terminal.print(`    and ${more} more: ${clean(asked)}`);
  }
}

function printPart(terminal: Terminal, part: ExplainedPart, wide: boolean): void {
  const { outcome, pending, message, rule, from, read, leansOn, next } = part;
  const sign = icon(terminal, pending ? "pending" : outcome, "stdout");
  const word = pending ? "not yet" : outcome;
  terminal.print(`${sign} ${word.padEnd(7)} ${clean(message)} (${clean(rule)}, ${from})`);
  if (outcome === "allow" && !wide) return;
  const line = (label: string, text: string) =>
    terminal.print(`    ${label.padEnd(8)} ${clean(text)}`);
  for (const { name, value } of read) line("read", `${name} = ${value}`);
  for (const { kind, id, at, text } of leansOn) {
    line("leans on", `${kind} ${id}${at === null ? "" : `, ${ago(at)} old`}: ${text}`);
  }
  if (next !== null) line("do", next);
}

function ago(at: string): string {
  return spanText(Math.max(0, Date.now() - Date.parse(at)));
}
