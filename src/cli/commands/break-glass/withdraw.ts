import { glassCard } from "../../break-glass/card.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "BG-3") },
  options: {
    reason: required(text("--reason <text>", "why it is not needed")),
    ...connectionOptions,
    ...outputOption,
  },
  examples: ['tidelock break-glass withdraw BG-3 --reason "the old release is back"'],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("breakGlassWithdraw", {
      params: { id: args.id },
      body: { reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), glassCard(view));
    return exit.done;
  },
});
