import { TidelockError } from "../../../model/errors.ts";
import { erasureCard } from "../../audit/erasure-text.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { entry: argument("entry", "index of the entry in the log") },
  options: {
    reason: required(text("--reason <text>", "why: it is recorded, so name nobody")),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Asks for the erasure of what an entry says: payload and salt together, and what only it names. Another\n" +
    "person has to confirm it. Refused before the retention time (7 years, or TIDELOCK_RETENTION) and under\n" +
    "a legal hold. Every proof stays valid; erased evidence satisfies no gate.",
  examples: ['tidelock ledger erase 1841 --reason "request of a data subject, ticket 77"'],
  async run(context, { args, options }) {
    if (!/^\d{1,15}$/.test(args.entry)) {
      throw new TidelockError("invalid-input", `${args.entry} is not an entry's index`, {
        fault: "operator",
        hint: "an index counts from 0; to erase a person: tidelock ledger erase person <name>",
      });
    }
    const erasure = await context.connect(options).call("erasureRequest", {
      body: { wish: { entry: Number(args.entry) }, reason: options.reason },
    });
    await printOne(context.terminal, context.format(options), erasureCard(erasure));
    return exit.waiting;
  },
});
