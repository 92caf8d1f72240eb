import { glassCard } from "../../break-glass/card.ts";
import { requireSameGlass } from "../../break-glass/sign-glass.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "BG-3") },
  options: { ...connectionOptions, ...outputOption },
  details:
    "Computes the digests of plan and decision anew: exit code 7 where they are not what the server says.",
  examples: ["tidelock break-glass show BG-3"],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("breakGlassShow", { params: { id: args.id } });
    await printOne(context.terminal, context.format(options), glassCard(view));
    requireSameGlass(view);
    return exit.done;
  },
});
