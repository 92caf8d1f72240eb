import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions },
  details: "Services and the host agent go on; `tidelock down` stops those too.",
  async run(context, { options }) {
    const { message } = await context.connect(options).call("serverStop", {});
    context.terminal.note(clean(message));
    return exit.done;
  },
});
