import { TidelockError } from "../../../model/errors.ts";
import { assignmentCard } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import {
  argument,
  connectionOptions,
  name,
  optionalArgument,
  outputOption,
  text,
} from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { waitNote } from "../../policy/wait-note.ts";

export const command = defineCommand({
  arguments: {
    role: argument("role", "see `tidelock role list`"),
    person: optionalArgument("person", "somebody who was added: tidelock person add"),
  },
  options: {
    token: text("--token <id>", "a machine's token instead of a person"),
    service: name("--service <name>", "only for this service (default: every one)"),
    environment: name("--environment <name>", "only in this environment (default: every one)"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Nobody has a role who was not given it, and nobody gives more than they have themselves.\n" +
    "In team mode it counts when two people have signed it (exit code 5).",
  examples: [
    "tidelock role assign developer maria@shop.example --service shop --environment development",
    "tidelock role assign sre jo@shop.example --service shop --environment production",
  ],
  async run(context, { args, options }) {
    const { person } = args;
    const { token } = options;
    if ((person === undefined) === (token === undefined)) {
      throw new TidelockError("invalid-input", "name a person, or a token with --token", {
        fault: "operator",
        where: "person, --token",
      });
    }
    const view = await context.connect(options).call("roleAssign", {
      body: {
        to: person === undefined ? { token: token ?? "" } : { person },
        role: args.role,
        service: options.service ?? null,
        environment: options.environment ?? null,
      },
    });
    await printOne(context.terminal, context.format(options), assignmentCard(view));
    return waitNote(context.terminal, view);
  },
});
