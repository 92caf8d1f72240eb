import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { renderTable } from "../../output/table.ts";
import { conformanceCard, controlRows, controlTitles } from "../../promotion/conformance.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "promotion, see `tidelock promotion list`") },
  options: { ...connectionOptions, ...outputOption },
  async run(context, { args, options }) {
    const { terminal } = context;
    const view = await context
      .connect(options)
      .call("promotionConformance", { params: { id: args.id } });
    const format = context.format(options);
    await printOne(terminal, format, conformanceCard(view));
    if (format !== "table" && format !== "wide") return exit.done;
    const rows = controlRows(view);
    if (rows.length === 0) return exit.done;
    terminal.print("");
    for (const line of renderTable(controlTitles, rows)) terminal.print(line);
    return exit.done;
  },
});
