import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { connectionOptions, outputOption, pageOptions } from "../../../options.ts";
import { printList } from "../../../output/print.ts";
import { pageQuery } from "../../../page-query.ts";
import { when } from "../../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...pageOptions, ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const query = pageQuery(options, 20, 100);
    const { items, next } = await context.connect(options).call("reviewList", { query });
    await printList(context.terminal, context.format(options), {
      items,
      next,
      columns: [
        { title: "review", value: ({ id }) => id },
        { title: "of", value: ({ service }) => service ?? "every service" },
        { title: "state", value: ({ state }) => state },
        { title: "open", value: ({ open, lines }) => `${open} of ${lines.length}` },
        { title: "due", value: ({ dueAt }) => when(dueAt) },
        { title: "done", value: ({ closedAt }) => when(closedAt) },
        { title: "begun by", value: ({ startedBy }) => startedBy },
      ],
      name: ({ id }) => id,
      empty: "nobody has reviewed who can do what; begin: tidelock access review start --quarterly",
    });
    return exit.done;
  },
});
