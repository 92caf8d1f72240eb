import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { stopCard } from "../../stop-card.ts";

export const command = defineCommand({
  arguments: {
    line: argument(
      "line",
      "a service, an environment, shop/production, 'shop/*' or '*/production'",
    ),
  },
  options: {
    reason: required(text("--reason <text>", "why; everybody who waits reads it")),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Nothing goes forward there until somebody clears it with a reason: what has not begun waits, what is under way waits\n" +
    "before its traffic moves. A rollback is always possible.",
  examples: ["tidelock line stop shop/production --reason 'checkout loses orders'"],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("lineStop", {
      body: { scope: args.line, reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), stopCard(view));
    return exit.done;
  },
});
