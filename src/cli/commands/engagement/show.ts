import { defineCommand } from "../../define-command.ts";
import { engagementCard } from "../../engagement-card.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "E-12") },
  options: { ...connectionOptions, ...outputOption },
  examples: ["tidelock engagement show E-12"],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("engagementShow", { params: { id: args.id } });
    await printOne(context.terminal, context.format(options), engagementCard(view));
    return exit.done;
  },
});
