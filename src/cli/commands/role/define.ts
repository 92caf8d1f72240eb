import { TidelockError } from "../../../model/errors.ts";
import { isPermission, type Permission } from "../../../model/permissions.ts";
import { roleCard } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { argument, connectionOptions, outputOption, required, text, texts } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { waitNote } from "../../policy/wait-note.ts";

export const command = defineCommand({
  arguments: { role: argument("role", "its name, none that comes along") },
  options: {
    says: required(text("--says <sentence>", "what it is for, to whoever gives it")),
    permission: texts("--permission <name>", "what it holds (repeatable); none: nothing any more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Takes the place of what the role held before, for everybody who has it. You cannot put in what you do not have everywhere.\n" +
    "In team mode it counts when two people have signed it (exit code 5).",
  examples: [
    'tidelock role define release-manager --says "starts and returns" --permission promotion.start --permission promotion.rollback',
  ],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("roleDefine", {
      params: { role: args.role },
      body: { says: options.says, permissions: options.permission.map(known) },
    });
    await printOne(context.terminal, context.format(options), roleCard(view));
    return waitNote(context.terminal, view);
  },
});

function known(permission: string): Permission {
  if (isPermission(permission)) return permission;
  throw new TidelockError("invalid-input", `there is no permission ${permission}`, {
    fault: "operator",
    where: "--permission",
    hint: "tidelock role show administrator lists them all",
  });
}
