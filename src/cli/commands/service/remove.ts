import { confirm } from "../../confirm.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { service: argument("service", "which service") },
  options: { yes: flag("-y, --yes", "do not ask"), ...connectionOptions },
  details: "Stops it in every environment and forgets its lanes. Releases and history stay.",
  async run(context, { args, options }) {
    const client = context.connect(options);
    const { value: service } = await context.service(args.service, options);
    await confirm(context, `Stop ${service} everywhere and forget its lanes?`, options.yes);
    const { message } = await client.call("serviceRemove", { params: { service } });
    context.terminal.note(clean(message));
    return exit.done;
  },
});
