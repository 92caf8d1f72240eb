import { holdCard } from "../../../audit/erasure-text.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { connectionOptions, outputOption, required, text } from "../../../options.ts";
import { printOne } from "../../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    stream: text(
      "--stream <stream>",
      "only this stream, e.g. shop/production (default: everything)",
    ),
    reason: required(text("--reason <text>", "why")),
    ...connectionOptions,
    ...outputOption,
  },
  details: "While a legal hold stands, nothing that it is about can be erased, however old it is.",
  async run(context, { options }) {
    const hold = await context.connect(options).call("holdAdd", {
      body: { stream: options.stream ?? null, reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), holdCard(hold));
    return exit.done;
  },
});
