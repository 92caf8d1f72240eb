import { holdCard } from "../../../audit/erasure-text.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../../options.ts";
import { printOne } from "../../../output/print.ts";

export const command = defineCommand({
  arguments: { hold: argument("hold", "as `ledger hold list` shows it") },
  options: { ...connectionOptions, ...outputOption },
  async run(context, { args, options }) {
    const hold = await context.connect(options).call("holdRemove", { params: { id: args.hold } });
    await printOne(context.terminal, context.format(options), holdCard(hold));
    return exit.done;
  },
});
