import { tokenCard } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { token: argument("token", "its id, see `tidelock token list`") },
  options: { ...connectionOptions, ...outputOption },
  details: "Every server refuses it from the next request on.",
  async run(context, { args, options }) {
    const params = { id: args.token };
    const view = await context.connect(options).call("tokenRevoke", { params });
    await printOne(context.terminal, context.format(options), tokenCard(view));
    return exit.done;
  },
});
