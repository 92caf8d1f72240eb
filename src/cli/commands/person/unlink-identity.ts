import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { identityCard } from "../../access/cards.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "see `tidelock person identities`") },
  options: { ...connectionOptions, ...outputOption },
  details: "It signs nobody in any more, and the sessions that it began end.",
  async run(context, { args, options }) {
    const view = await context.connect(options).call("identityUnlink", { params: { id: args.id } });
    await printOne(context.terminal, context.format(options), identityCard(view));
    return exit.done;
  },
});
