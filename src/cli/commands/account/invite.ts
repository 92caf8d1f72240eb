import { linkCard } from "../../account/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "as records shall have it: maria@shop.example") },
  options: { ...connectionOptions, ...outputOption },
  details:
    "Prints a one-time link, good for 24 hours: whoever opens it sets a password and signs in. You are their sponsor from then on: their approvals count on your work once a third person has vouched. What they may, roles say (`tidelock role assign`); nobody invites somebody who may more than they do.",
  async run(context, { args, options }) {
    const client = context.connect(options);
    const body = { name: args.name, purpose: "invite" as const };
    const link = await client.call("accountLink", { body });
    await printOne(context.terminal, context.format(options), linkCard(link, client.url));
    context.terminal.note("this link is not shown again: who opens it first is that person");
    return exit.done;
  },
});
