import { defineCommand } from "./define-command.ts";
import { exit } from "./exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "./options.ts";
import { printOne } from "./output/print.ts";
import { stopCard } from "./stop-card.ts";

/** The command that ends a stopped line or a ban, which are one thing to the server. */
export function clearStop(words: { id: string; reason: string; example: string }) {
  return defineCommand({
    arguments: { id: argument("id", words.id) },
    options: {
      reason: required(text("--reason <text>", words.reason)),
      ...connectionOptions,
      ...outputOption,
    },
    examples: [words.example],
    async run(context, { args, options }) {
      const view = await context.connect(options).call("stopClear", {
        params: { id: args.id },
        body: { reason: options.reason },
      });
      await printOne(context.terminal, context.format(options), stopCard(view));
      return exit.done;
    },
  });
}
