import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, text } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { passkey: argument("passkey", "its id, see `tidelock passkey list -o name`") },
  options: {
    of: text("--of <person>", "whose; left out: your own"),
    ...connectionOptions,
  },
  details:
    "It signs nobody in from the next request on, and whoever is signed in with a passkey of this person signs in again. It\n" +
    "cannot be added again. Somebody else's key for approvals is taken away with `tidelock person remove-key`.",
  examples: [
    "tidelock passkey remove k0f3c1b9a2e7d",
    "tidelock passkey remove k0f3c1b9a2e7d --of maria@shop.example",
  ],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const id = args.passkey;
    if (options.of === undefined) await client.call("passkeyRemove", { params: { id } });
    else await client.call("accountPasskeyRemove", { params: { name: options.of, id } });
    context.terminal.note(`removed ${clean(id)}`);
    return exit.done;
  },
});
