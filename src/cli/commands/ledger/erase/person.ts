import { erasureCard } from "../../../audit/erasure-text.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../../options.ts";
import { printOne } from "../../../output/print.ts";

export const command = defineCommand({
  arguments: { person: argument("person", "name under which the person acts here") },
  options: {
    reason: required(text("--reason <text>", "why: it is recorded, so name nobody")),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Asks to forget who a pseudonym of the ledger is: afterwards it means nobody, here and in every table.\n" +
    "Another person has to confirm it. Authors in a release's commits are part of the release and stay.",
  async run(context, { args, options }) {
    const erasure = await context.connect(options).call("erasureRequest", {
      body: { wish: { person: args.person }, reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), erasureCard(erasure));
    return exit.waiting;
  },
});
