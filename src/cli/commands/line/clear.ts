import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { stopCard } from "../../stop-card.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "S-12, as `line list` shows it") },
  options: {
    reason: required(text("--reason <text>", "why it may go on")),
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock line clear S-12 --reason 'repaired in 1.4.3'"],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("stopClear", {
      params: { id: args.id },
      body: { reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), stopCard(view));
    return exit.done;
  },
});
