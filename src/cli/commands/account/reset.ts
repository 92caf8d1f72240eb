import { linkCard } from "../../account/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {
    name: argument("name", "of somebody who has lost password, authenticator app or passkey"),
  },
  options: { ...connectionOptions, ...outputOption },
  details:
    "Prints a one-time link, good for 24 hours. With it they set another password; authenticator app, recovery codes and passkeys that were there are gone, and every session ends. You are their sponsor from then on.",
  async run(context, { args, options }) {
    const client = context.connect(options);
    const body = { name: args.name, purpose: "reset" as const };
    const link = await client.call("accountLink", { body });
    await printOne(context.terminal, context.format(options), linkCard(link, client.url));
    context.terminal.note("this link is not shown again: who opens it first is that person");
    return exit.done;
  },
});
