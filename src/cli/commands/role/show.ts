import { TidelockError } from "../../../model/errors.ts";
import { roleCard } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { role: argument("role", "see `tidelock role list`") },
  options: { ...connectionOptions, ...outputOption },
  details: "Everything that it lets somebody do, each in a sentence.",
  examples: ["tidelock role show ci", "tidelock role show administrator"],
  async run(context, { args, options }) {
    const { items } = await context.connect(options).call("roleList", {});
    const role = items.find(({ name }) => name === args.role);
    if (!role) {
      throw new TidelockError("not-found", `there is no role ${args.role}`, {
        fault: "operator",
        where: "role",
        hint: "see them: tidelock role list",
      });
    }
    await printOne(context.terminal, context.format(options), roleCard(role));
    return exit.done;
  },
});
