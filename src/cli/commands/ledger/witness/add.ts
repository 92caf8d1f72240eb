import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions, required, text } from "../../../options.ts";
import { clean } from "../../../terminal.ts";

export const command = defineCommand({
  arguments: { key: argument("key", "the witness's verifier key, as its operator publishes it") },
  options: {
    address: required(text("--address <url>", "where it answers, without /add-checkpoint")),
    operator: required(text("--operator <who>", "who administers it")),
    ...connectionOptions,
  },
  details:
    "From the next checkpoint on the witness is asked to cosign. An auditor counts it only when its own trust root names it, and when its administrators are not the log's.",
  examples: [
    "tidelock ledger witness add witness.example/w1+b0027a2f+BI… --address http://10.0.0.9:7430 --operator example.org",
  ],
  async run(context, { args, options }) {
    const body = { key: args.key, url: options.address, operator: options.operator };
    const { name } = await context.connect(options).call("ledgerWitnessAdd", { body });
    context.terminal.note(clean(`the witness ${name} is asked from the next checkpoint on`));
    return exit.done;
  },
});
