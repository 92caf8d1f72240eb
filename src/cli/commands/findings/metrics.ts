import type { FindingSummary } from "../../../api/views/finding.ts";
import { FindingKind } from "../../../model/observation.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { findingColumns } from "../../findings/finding-text.ts";
import { type MetricsSection, metricsSections } from "../../findings/metrics-text.ts";
import { choice, connectionOptions, name, outputOption, whole } from "../../options.ts";
import { printDocument, printList } from "../../output/print.ts";
import { renderTable } from "../../output/table.ts";
import { clean, type Terminal } from "../../terminal.ts";

/** Most serious ones that are shown. */
const most = 10;

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only of this service (default: every one)"),
    kind: choice("--kind <kind>", "only of this kind", FindingKind.options),
    days: whole("--days <n>", "rates, times and weeks of the last n days (default 90)", {
      least: 1,
      most: 3_650,
    }),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "How many, how they were found, which are the most serious, how long it takes until production runs without\n" +
    "them, and whether it gets better. `-o wide` ends each line with the options of `findings list` that list what\n" +
    "it counts. A number of too few cases says so, and nothing else.",
  examples: ["tidelock findings metrics --service shop", "tidelock findings metrics -o wide"],
  async run(context, { options }) {
    const { service, kind, days } = options;
    const client = context.connect(options);
    const [metrics, serious] = await Promise.all([
      client.call("findingMetrics", { query: { service, kind, days: days ?? 90 } }),
      client.call("findingList", { query: { service, kind, limit: most } }),
    ]);
    const format = context.format(options);
    if (format === "json" || format === "yaml") {
      await printDocument(context.terminal, format, { ...metrics, mostSerious: serious.items });
      return exit.done;
    }
    const [first, ...others] = metricsSections(metrics);
    if (first) printSection(context.terminal, first, format === "wide");
    await printSerious(context.terminal, serious.items);
    for (const section of others) printSection(context.terminal, section, format === "wide");
    if (format !== "wide") {
      context.terminal.note("which ones: -o wide ends each line with options of `findings list`");
    }
    return exit.done;
  },
});

function printSection(terminal: Terminal, { title, lines, empty }: MetricsSection, wide: boolean) {
  terminal.print(`${terminal.style("bold", title)}`);
  if (lines.length === 0) terminal.print(`  ${empty}`);
  const rows = lines.map((one) =>
    [one.name, one.value, ...(wide ? [one.rows ?? ""] : [])].map((cell) => clean(cell)),
  );
  const titles = ["", "", ""].slice(0, wide ? 3 : 2);
  // The line of titles is left out: names and values speak for themselves.
  for (const row of renderTable(titles, rows).slice(1)) terminal.print(`  ${row}`);
  terminal.print("");
}

async function printSerious(terminal: Terminal, items: readonly FindingSummary[]): Promise<void> {
  terminal.print(terminal.style("bold", "The most serious that are open"));
  if (items.length === 0) terminal.print("  none");
  else {
    await printList(terminal, "table", {
      items,
      columns: findingColumns,
      name: ({ id }) => id,
      empty: "",
    });
  }
  terminal.print("");
}
