import { confirm } from "../../confirm.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: { yes: flag("-y, --yes", "do not ask"), ...connectionOptions },
  details:
    "After a restore from a backup the host agents know more than the database, and refuse what it asks. This raises the database above all that they have seen. Look first at what really runs: `tidelock status`.",
  async run(context, { options }) {
    const client = context.connect(options);
    const question = `Is the database of ${client.url} the truth from now on, whatever its agents have seen?`;
    await confirm(context, question, options.yes);
    const { message } = await client.call("serverRecover", {});
    context.terminal.note(clean(message));
    return exit.done;
  },
});
