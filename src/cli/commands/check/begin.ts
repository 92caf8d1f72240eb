import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { requestCard } from "../../manual/card.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { request: argument("request", "see `tidelock check todo`") },
  options: { ...connectionOptions, ...outputOption },
  details:
    "The server's clock runs from here to the answer. A session that nobody began has no time, and its answer is refused.",
  async run(context, { args, options }) {
    const client = context.connect(options);
    const view = await client.call("manualBegin", { body: { request: args.request } });
    await printOne(context.terminal, context.format(options), requestCard(view));
    return exit.done;
  },
});
