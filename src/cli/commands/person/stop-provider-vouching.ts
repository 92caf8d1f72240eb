import { vouchingCard } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "see `tidelock person vouching-providers`") },
  options: { ...connectionOptions, ...outputOption },
  details: "None of its words counts any more, whenever it was said.",
  async run(context, { args, options }) {
    const client = context.connect(options);
    const view = await client.call("vouchingProviderRemove", { params: { id: args.id } });
    await printOne(context.terminal, context.format(options), vouchingCard(view));
    return exit.done;
  },
});
