import { reviewCard, reviewLineColumns } from "../../../access/review-cards.ts";
import { csvLine } from "../../../csv.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions, flag, outputOption } from "../../../options.ts";
import { printList, printOne } from "../../../output/print.ts";

export const command = defineCommand({
  arguments: { review: argument("review", "its id, see `tidelock access review list`") },
  options: {
    open: flag("--open", "only lines that nobody has said anything of"),
    csv: flag("--csv", "as comma-separated values, to be filled in and given to `sign --from`"),
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock access review show v1f0c9a2b7d --open --csv > review.csv"],
  async run(context, { args, options }) {
    const { terminal } = context;
    const params = { id: args.review };
    const view = await context.connect(options).call("reviewShow", { params });
    const items = view.lines.filter(({ word }) => !options.open || word === null);
    if (options.csv) {
      terminal.print(csvLine(["line", "answer", "reason", "who", "has", "service", "environment", "since", "last used", "unused"])); // prettier-ignore
      for (const { line, name, word } of items) {
        const { id, has, service, environment, since, lastUsed, unused, person, token } = line;
        const who = name ?? person ?? token ?? "";
        terminal.print(
          csvLine([id, word?.answer ?? "", word?.reason ?? "", who, has, service ?? "*", environment ?? "*", since, lastUsed ?? "", unused.join(" ")]), // prettier-ignore
        );
      }
      return exit.done;
    }
    const format = context.format(options);
    if (format !== "table" && format !== "wide") {
      await printOne(terminal, format, reviewCard(view));
      return exit.done;
    }
    await printOne(terminal, format, reviewCard(view));
    await printList(terminal, format, {
      items,
      columns: reviewLineColumns,
      name: ({ line }) => line.id,
      empty: "no line is open",
    });
    return exit.done;
  },
});
