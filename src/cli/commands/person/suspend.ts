import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { standingCard } from "../../people/cards.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "somebody who was added") },
  options: {
    reason: required(text("--reason <text>", "why, for the ledger")),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "From now on none of this person's keys, rights, tokens and sessions counts, and neither does what they signed and nobody has used yet. `person resume` takes it back.",
  examples: ['tidelock person suspend maria@shop.example --reason "lost her laptop"'],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("personStanding", {
      params: { name: args.name },
      body: { state: "suspended", from: null, reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), standingCard(view));
    return exit.done;
  },
});
