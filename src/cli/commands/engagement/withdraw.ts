import { defineCommand } from "../../define-command.ts";
import { engagementCard } from "../../engagement-card.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "E-12") },
  options: {
    reason: required(text("--reason <text>", "why it counts no more")),
    ...connectionOptions,
    ...outputOption,
  },
  details: "The record stays; nothing leans on it any more.",
  examples: ["tidelock engagement withdraw E-12 --reason 'it was of another system'"],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("engagementWithdraw", {
      params: { id: args.id },
      body: { reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), engagementCard(view));
    return exit.done;
  },
});
