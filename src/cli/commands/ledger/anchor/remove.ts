import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions } from "../../../options.ts";
import { clean } from "../../../terminal.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "as `ledger anchor list` shows it") },
  options: { ...connectionOptions },
  details:
    "No checkpoint is written there any more. What lies there stays, and so does the entry that says who removed it.",
  async run(context, { args, options }) {
    const params = { name: args.name };
    const { message } = await context.connect(options).call("ledgerAnchorRemove", { params });
    context.terminal.note(clean(message));
    return exit.done;
  },
});
