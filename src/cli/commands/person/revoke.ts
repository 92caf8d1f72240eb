import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { personCard } from "../../manual/card.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { right: argument("right", "its id, see `tidelock person list`") },
  options: { ...connectionOptions, ...outputOption },
  async run(context, { args, options }) {
    const params = { id: args.right };
    const view = await context.connect(options).call("grantRemove", { params });
    await printOne(context.terminal, context.format(options), personCard(view));
    return exit.done;
  },
});
