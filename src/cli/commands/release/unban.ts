import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { stopCard } from "../../stop-card.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "S-12, as `line list` shows the ban") },
  options: {
    reason: required(text("--reason <text>", "why it may go to users after all")),
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock release unban S-12 --reason 'it was another release'"],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("stopClear", {
      params: { id: args.id },
      body: { reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), stopCard(view));
    return exit.done;
  },
});
