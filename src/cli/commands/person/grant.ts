import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { personCard } from "../../manual/card.ts";
import { argument, connectionOptions, name, outputOption, required } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "somebody who was added") },
  options: {
    role: required(name("--role <role>", "as checks name it: qa, security, sre …")),
    service: name("--service <name>", "only for this service (default: every one)"),
    environment: name("--environment <name>", "only in this environment (default: every one)"),
    ...connectionOptions,
    ...outputOption,
  },
  details: "Gives the right checks.answer:<role>. Nobody has it who was not given it.",
  examples: ["tidelock person grant maria@shop.example --role qa --environment staging"],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("grantAdd", {
      body: {
        name: args.name,
        right: `checks.answer:${options.role}`,
        service: options.service ?? null,
        environment: options.environment ?? null,
      },
    });
    await printOne(context.terminal, context.format(options), personCard(view));
    return exit.done;
  },
});
