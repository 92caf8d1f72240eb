import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { laneOf, laneOptions } from "../../lane-options.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...laneOptions, ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const client = context.connect(options);
    const params = await laneOf(context, options);
    const { items } = await client.call("secretList", { params });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "name", value: (item) => item.name },
        { title: "version", value: (item) => item.version },
        { title: "created", value: (item) => when(item.createdAt) },
      ],
      name: (item) => item.name,
      empty: "there are no secrets here yet",
    });
    return exit.done;
  },
});
