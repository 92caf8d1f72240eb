import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { tokenCard } from "../../access/cards.ts";
import { argument, connectionOptions, duration, name, outputOption, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";

/** When nothing is said. Milliseconds. */
const lastsMs = 90 * 86_400_000;

export const command = defineCommand({
  arguments: { name: argument("name", "what it is for: github-actions, laptop") },
  options: {
    role: name(
      "--role <role>",
      "what it may: see `tidelock role list`; a machine's token needs one",
    ),
    person: text(
      "--person <name>",
      "whose it is: it may no more than this person (default: a machine's)",
    ),
    service: name("--service <name>", "only for this service (default: every one)"),
    environment: name("--environment <name>", "only in this environment (default: every one)"),
    lasts: duration("--lasts <time>", "how long it counts, at most 366d (default: 90d)"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "The token is shown once; what is kept is its SHA-256. Nobody gives more than they have themselves.\n" +
    "The role `ci` hands in releases and evidence, and promotes, approves, waives and closes nothing. No machine's token holds what people sign, whatever its role.",
  examples: [
    "tidelock token create github-actions --role ci --service shop",
    "tidelock token create laptop --person maria@shop.example --lasts 30d -o name > token",
  ],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("tokenCreate", {
      body: {
        name: args.name,
        ...(options.person === undefined ? {} : { person: options.person }),
        ...(options.role === undefined ? {} : { role: options.role }),
        service: options.service ?? null,
        environment: options.environment ?? null,
        lastsMs: options.lasts ?? lastsMs,
      },
    });
    await printOne(context.terminal, context.format(options), tokenCard(view));
    context.terminal.note("this token is not shown again; who has it may do the same");
    return exit.done;
  },
});
