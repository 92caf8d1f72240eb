import type { OutputFormat } from "../options.ts";
import { clean, type Terminal } from "../terminal.ts";
import { renderTable } from "./table.ts";

export interface Column<T> {
  readonly title: string;
  /** Only with `-o wide`. */
  readonly wide?: boolean;
  readonly value: (item: T) => string;
}

export interface Listing<T> {
  readonly items: readonly T[];
  readonly columns: readonly Column<T>[];
  /** What `-o name` prints and other commands take. */
  readonly name: (item: T) => string;
  /** Said on stderr when there is nothing. */
  readonly empty: string;
  /** What the list goes on behind, said on stderr; null: this was all. */
  readonly next?: string | null;
}

/** Prints many things: a table for people, or one document for programs. */
export async function printList<T>(
  terminal: Terminal,
  format: OutputFormat,
  listing: Listing<T>,
): Promise<void> {
  await printItems(terminal, format, listing);
  const { items, next } = listing;
  if (typeof next === "string") {
    terminal.note(`${items.length} shown; more: the same with --after ${clean(next)}`);
  }
}

async function printItems<T>(
  terminal: Terminal,
  format: OutputFormat,
  { items, columns, name, empty }: Listing<T>,
): Promise<void> {
  if (format === "json" || format === "yaml") return printDocument(terminal, format, items);
  if (format === "name") {
    for (const item of items) terminal.print(clean(name(item)));
    return;
  }
  if (items.length === 0) return terminal.note(empty);
  const shown = columns.filter((column) => format === "wide" || column.wide !== true);
  const rows = items.map((item) => shown.map((column) => clean(column.value(item))));
  const [head, ...lines] = renderTable(
    shown.map((column) => column.title),
    rows,
  );
  terminal.print(terminal.style("bold", head ?? ""));
  for (const line of lines) terminal.print(line);
}

export interface Card<T> {
  readonly item: T;
  readonly name: string;
  /** Label and value, one line each; null leaves a line out. */
  readonly lines: readonly (readonly [label: string, value: string | null])[];
}

/** Prints one thing: labelled lines for people, or one document for programs. */
export async function printOne<T>(
  terminal: Terminal,
  format: OutputFormat,
  { item, name, lines }: Card<T>,
): Promise<void> {
  if (format === "json" || format === "yaml") return printDocument(terminal, format, item);
  if (format === "name") return terminal.print(clean(name));
  const shown = lines.filter((line): line is readonly [string, string] => line[1] !== null);
  const width = Math.max(...shown.map(([label]) => label.length));
  for (const [label, value] of shown) {
    terminal.print(`${terminal.style("bold", label.padEnd(width))}  ${clean(value)}`);
  }
}

/** JSON or YAML in which no character can act on a terminal: both escape what JSON's own rules let through. */
export async function printDocument(
  terminal: Terminal,
  format: "json" | "yaml",
  value: unknown,
): Promise<void> {
  const json = escapeUnsafe(JSON.stringify(value, null, 2));
  if (format === "json") return terminal.print(json);
  const { stringify } = await import("yaml");
  // Quoting every string keeps one rule of escapes: JSON's.
  const text = stringify(value, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" });
  terminal.print(escapeUnsafe(text).trimEnd());
}

/** C1 controls, DEL, zero-width and bidirectional characters as `\uXXXX`, which both formats read back. */
function escapeUnsafe(text: string): string {
  return text.replaceAll(/[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      const unit = character.charCodeAt(index).toString(16).padStart(4, "0");
      return `\\u${unit}`;
    }).join(""),
  );
}
