import { scopeText } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption, whole } from "../../options.ts";
import { printList } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    days: whole("--days <number>", "not used in so many days (90)", { least: 1, most: 400 }),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "One line for each role that somebody has: how many of its permissions were used, and the smallest role that would do. A use is written down once a day for each who and what, and kept for 400 days.",
  examples: ["tidelock access unused --days 30"],
  async run(context, { options }) {
    const query = { days: options.days ?? 90 };
    const { items, since, days } = await context.connect(options).call("accessUnused", { query });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "who", value: ({ who }) => who },
        { title: "role", value: ({ role }) => role },
        { title: "where", value: scopeText },
        {
          title: "used",
          value: ({ used, unused }) => `${used.length} of ${used.length + unused.length}`,
        },
        {
          title: "would do",
          value: ({ smaller }) => (smaller === "none" ? "nothing was used" : (smaller ?? "-")),
        },
        { title: "by", value: ({ by }) => by },
        { title: "never used", wide: true, value: ({ unused }) => unused.join(" ") || "-" },
      ],
      name: ({ by }) => by,
      empty: "nobody has a role",
    });
    context.terminal.note(
      since === null
        ? "nothing was used yet since uses are written down"
        : `uses of the last ${days} days; written down since ${since}`,
    );
    return exit.done;
  },
});
