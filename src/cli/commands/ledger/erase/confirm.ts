import { erasureCard } from "../../../audit/erasure-text.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../../options.ts";
import { printOne } from "../../../output/print.ts";

export const command = defineCommand({
  arguments: { erasure: argument("erasure", "as `ledger erase` and `ledger erase list` show it") },
  options: { ...connectionOptions, ...outputOption },
  details:
    "Does an erasure that another person asked for. It cannot be undone. Whoever asked\n" +
    "for it cannot confirm it, under no other spelling or linked name either; sign in as yourself first.",
  async run(context, { args, options }) {
    const erasure = await context
      .connect(options)
      .call("erasureConfirm", { params: { id: args.erasure } });
    await printOne(context.terminal, context.format(options), erasureCard(erasure));
    return exit.done;
  },
});
