import { confirm } from "../../confirm.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: { yes: flag("-y, --yes", "do not ask"), ...connectionOptions },
  details:
    "After a restore from a backup the database knows less than the world, and the server is read-only. Better than\n" +
    "this is a newer backup. This records what was lost, and goes on with a successor log under a new name; auditors\n" +
    "need its trust root. `tidelock ledger status` says what is missing.",
  async run(context, { options }) {
    const client = context.connect(options);
    const question = `Is the database of ${client.url} the truth from now on, although something newer was seen outside of it?`;
    await confirm(context, question, options.yes);
    const { message } = await client.call("ledgerRecover", {});
    context.terminal.note(clean(message));
    return exit.done;
  },
});
