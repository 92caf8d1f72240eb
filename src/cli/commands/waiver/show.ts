import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { waiverCard } from "../../waiver/waiver-card.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "W-12") },
  options: { ...connectionOptions, ...outputOption },
  examples: ["tidelock waiver show W-12"],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("waiverShow", { params: { id: args.id } });
    await printOne(context.terminal, context.format(options), waiverCard(view));
    return exit.done;
  },
});
