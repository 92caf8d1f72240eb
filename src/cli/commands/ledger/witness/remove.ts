import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions } from "../../../options.ts";
import { clean } from "../../../terminal.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "as `ledger witness list` shows it") },
  options: { ...connectionOptions },
  details:
    "It is asked no more. What it has cosigned stays, and so does the entry that says who removed it.",
  async run(context, { args, options }) {
    const params = { name: args.name };
    const { message } = await context.connect(options).call("ledgerWitnessRemove", { params });
    context.terminal.note(clean(message));
    return exit.done;
  },
});
