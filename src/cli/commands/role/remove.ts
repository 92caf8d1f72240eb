import { assignmentCard } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { assignment: argument("assignment", "its id, see `tidelock role list --given`") },
  options: { ...connectionOptions, ...outputOption },
  details: "Takes a role away from somebody; it counts from their next request on.",
  async run(context, { args, options }) {
    const params = { id: args.assignment };
    const view = await context.connect(options).call("roleUnassign", { params });
    await printOne(context.terminal, context.format(options), assignmentCard(view));
    return exit.done;
  },
});
