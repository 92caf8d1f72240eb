import { erasureColumns } from "../../../audit/erasure-text.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../../options.ts";
import { printList } from "../../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const { items } = await context.connect(options).call("erasureList", {});
    await printList(context.terminal, context.format(options), {
      items,
      columns: erasureColumns,
      name: ({ id }) => id,
      empty: "nobody has asked for an erasure",
    });
    return exit.done;
  },
});
