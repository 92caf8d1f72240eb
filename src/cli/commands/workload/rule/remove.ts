import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../../options.ts";
import { printOne } from "../../../output/print.ts";
import { ruleCard } from "../../../workload/cards.ts";

export const command = defineCommand({
  arguments: { rule: argument("rule", "name or id: see `tidelock workload rule list`") },
  options: { ...connectionOptions, ...outputOption },
  details: "The tokens that it gave end with it, from the next request on.",
  async run(context, { args, options }) {
    const view = await context.connect(options).call("workloadRuleRemove", {
      params: { rule: args.rule },
    });
    await printOne(context.terminal, context.format(options), ruleCard(view));
    return exit.done;
  },
});
