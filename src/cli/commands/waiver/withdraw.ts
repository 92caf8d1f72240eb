import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { waiverCard } from "../../waiver/waiver-card.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "W-12") },
  options: {
    reason: required(text("--reason <text>", "why it is accepted no more")),
    ...connectionOptions,
    ...outputOption,
  },
  details: "One person is enough, and it takes effect at once: what leaned on it is decided again.",
  examples: ["tidelock waiver withdraw W-12 --reason 'the fix is out'"],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("waiverWithdraw", {
      params: { id: args.id },
      body: { reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), waiverCard(view));
    return exit.done;
  },
});
