import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { personCard } from "../../manual/card.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { key: argument("key", "its whole id, see `tidelock person list -o json`") },
  options: { ...connectionOptions, ...outputOption },
  details:
    "Answers that were taken before stay what they are; none is used again for a later promotion. A key never comes back.",
  async run(context, { args, options }) {
    const params = { key: args.key };
    const view = await context.connect(options).call("personRemoveKey", { params });
    await printOne(context.terminal, context.format(options), personCard(view));
    return exit.done;
  },
});
