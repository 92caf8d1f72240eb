import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { governanceCard } from "../../policy/governance-text.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const view = await context.connect(options).call("governanceShow", {});
    await printOne(context.terminal, context.format(options), governanceCard(view));
    return exit.done;
  },
});
