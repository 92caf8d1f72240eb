import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { governanceCard } from "../../policy/governance-text.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  details:
    "From here on a change of policy (and of who may sign it) takes effect when two different people have signed it.\n" +
    "Two people have to have a key and the right first; give it to three, in case a key is lost.",
  examples: [
    "tidelock person add maria@shop.example --key maria.pub",
    "tidelock person grant maria@shop.example --policy",
    "tidelock governance team",
  ],
  async run(context, { options }) {
    const { governance } = await context
      .connect(options)
      .call("governanceSet", { body: { mode: "team" } });
    await printOne(context.terminal, context.format(options), governanceCard(governance));
    return exit.done;
  },
});
