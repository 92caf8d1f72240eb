import { type CatalogueEntry, groups } from "./catalogue-entry.ts";
import { variables } from "./environment.ts";

const exitCodes =
  "0 done · 1 failed · 2 usage or bad input · 3 a gate denied it · 4 not allowed · 5 waiting for approval\n  6 drift found · 7 verification failed · 124 timed out · 130 interrupted";

export function overview(entries: readonly CatalogueEntry[]): string {
  const body = groups.map(
    (group) => `${group}:\n${lines(entries.filter((entry) => entry.group === group))}`,
  );
  return [
    "Tidelock moves releases from development to production, and only on evidence.",
    "Usage: tidelock <command> [options]",
    ...body,
    "More:\n  tidelock <command> --help   tidelock help environment   tidelock --version",
    `Exit codes:\n  ${exitCodes}`,
  ].join("\n\n");
}

export function groupHelp(noun: string, entries: readonly CatalogueEntry[]): string {
  return `Usage: tidelock ${noun} <verb> [options]\n\n${lines(entries)}\n\nMore:\n  tidelock ${noun} <verb> --help`;
}

export function environmentHelp(): string {
  return columns(Object.entries(variables)).join("\n");
}

function lines(entries: readonly CatalogueEntry[]): string {
  return columns(entries.map((entry) => [entry.words.join(" "), entry.summary]))
    .map((line) => `  ${line}`)
    .join("\n");
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}
