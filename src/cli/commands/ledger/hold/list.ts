import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../../options.ts";
import { printList } from "../../../output/print.ts";
import { when } from "../../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const { items } = await context.connect(options).call("holdList", {});
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "id", value: ({ id }) => id },
        { title: "on", value: ({ stream }) => stream ?? "everything" },
        { title: "since", value: ({ addedAt }) => when(addedAt) },
        { title: "by", value: ({ addedBy }) => addedBy },
        { title: "reason", value: ({ reason }) => reason },
      ],
      name: ({ id }) => id,
      empty: "no legal hold stands",
    });
    return exit.done;
  },
});
