import { confirm } from "../confirm.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { connectionOptions, flag } from "../options.ts";
import { clean } from "../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: { yes: flag("-y, --yes", "do not ask"), ...connectionOptions },
  details: "Releases, history and settings stay; `tidelock server start` begins again from them.",
  async run(context, { options }) {
    const client = context.connect(options);
    await confirm(context, `Stop every service of ${client.url}, live ones included?`, options.yes);
    const { message } = await client.call("down", {});
    context.terminal.note(clean(message));
    return exit.done;
  },
});
