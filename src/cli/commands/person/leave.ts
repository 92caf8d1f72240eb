import { defineCommand } from "../../define-command.ts";
import { momentOf } from "../../approval/sign-answer.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { standingCard } from "../../people/cards.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "somebody who was added") },
  options: {
    reason: required(text("--reason <text>", "why, for the ledger")),
    on: text("--on <day>", "2026-12-31, or a time in RFC 3339 (default: now)"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "From that day on none of this person's keys, rights, tokens and sessions counts, and neither does what they signed and nobody has used yet. What was decided by then stands.",
  examples: ['tidelock person leave maria@shop.example --on 2026-12-31 --reason "new job"'],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("personStanding", {
      params: { name: args.name },
      body: { state: "left", from: momentOf(options.on, "--on"), reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), standingCard(view));
    return exit.done;
  },
});
