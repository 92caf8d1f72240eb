import { defineCommand } from "../../define-command.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { standingCard } from "../../people/cards.ts";
import { waitNote } from "../../policy/wait-note.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "somebody who was added") },
  options: {
    reason: required(text("--reason <text>", "why, for the ledger")),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Takes back every suspension and leave. What was signed before stays void: whoever waits is asked anew.",
  examples: ['tidelock person resume maria@shop.example --reason "the laptop is back"'],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("personStanding", {
      params: { name: args.name },
      body: { state: "active", from: null, reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), standingCard(view));
    return waitNote(context.terminal, view);
  },
});
