import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { personCard } from "../../manual/card.ts";
import { argument, connectionOptions, flag, name, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "somebody who was added") },
  options: {
    role: name("--role <role>", "answers checks that ask for it: qa, security, sre …"),
    judge: flag(
      "--judge-findings",
      "says, with a second person, that a finding is none or less bad",
    ),
    service: name("--service <name>", "only for this service (default: every one)"),
    environment: name("--environment <name>", "only in this environment (default: every one)"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Gives the right checks.answer:<role>, or findings.judge. Nobody has either who was not given it.",
  examples: [
    "tidelock person grant maria@shop.example --role qa --environment staging",
    "tidelock person grant maria@shop.example --judge-findings --service shop",
  ],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("grantAdd", {
      body: {
        name: args.name,
        right: rightOf(options.role, options.judge),
        service: options.service ?? null,
        environment: options.environment ?? null,
      },
    });
    await printOne(context.terminal, context.format(options), personCard(view));
    return exit.done;
  },
});

function rightOf(role: string | undefined, judge: boolean): string {
  if (judge && role === undefined) return "findings.judge";
  if (role !== undefined && !judge) return `checks.answer:${role}`;
  throw new TidelockError("invalid-input", "name one right: --role, or --judge-findings", {
    fault: "operator",
    where: "--role",
  });
}
