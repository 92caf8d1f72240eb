import { accountCard } from "../../account/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "whose account") },
  options: { ...connectionOptions, ...outputOption },
  details: "They sign in again with what they had. Sessions that were ended stay ended.",
  async run(context, { args, options }) {
    const view = await context
      .connect(options)
      .call("accountLock", { params: { name: args.name }, body: { locked: false } });
    await printOne(context.terminal, context.format(options), accountCard(view));
    return exit.done;
  },
});
