import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { sponsorsCard } from "../../people/cards.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "somebody who was added") },
  options: { ...connectionOptions, ...outputOption },
  details:
    "Whoever enrolled a key, linked a name, gave a right or a role, invited or reset somebody stands behind that identity, and so does whoever stands behind those. Its approvals do not count on their work until a third person vouches.",
  examples: ["tidelock person sponsors maria@shop.example"],
  async run(context, { args, options }) {
    const params = { name: args.name };
    const view = await context.connect(options).call("personSponsors", { params });
    await printOne(context.terminal, context.format(options), sponsorsCard(view));
    return exit.done;
  },
});
