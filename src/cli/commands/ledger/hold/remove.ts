import { holdCard } from "../../../audit/erasure-text.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../../options.ts";
import { printOne } from "../../../output/print.ts";

export const command = defineCommand({
  arguments: { hold: argument("hold", "as `ledger hold list` shows it") },
  options: { ...connectionOptions, ...outputOption },
  details:
    "Ends a legal hold: what it was about can be erased again, once its retention time is over and two people want\n" +
    "it. Who ended it stands in the ledger.",
  async run(context, { args, options }) {
    const hold = await context.connect(options).call("holdRemove", { params: { id: args.hold } });
    const card = holdCard(hold);
    const ended = ["ended", "just now: it forbids no erasure any more"] as const;
    await printOne(context.terminal, context.format(options), {
      ...card,
      lines: [...card.lines, ended],
    });
    return exit.done;
  },
});
