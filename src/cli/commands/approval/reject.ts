import { approvalCard } from "../../approval/approval-card.ts";
import { signAnswer } from "../../approval/sign-answer.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import {
  argument,
  connectionOptions,
  flag,
  name,
  outputOption,
  required,
  text,
} from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { request: argument("request", "its id, or the beginning of it") },
  options: {
    key: required(text("--key <file>", "your private key in PEM: Ed25519, ECDSA P-256 or P-384")),
    role: name("--role <role>", "as whom, where several roles are asked"),
    reason: required(text("--reason <text>", "why it must not go")),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Signs a rejection: the promotion is denied at its gate. Whoever may approve may reject, own work or not.",
  examples: [
    'tidelock approval reject 3f2a91c07b1e --key maria.pem --reason "the migration has no way back"',
  ],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const { key, role, reason, yes } = options;
    const view = await signAnswer(context, client, args.request, {
      purpose: "reject",
      role,
      reason: reason,
      notBefore: null,
      expires: null,
      key,
      yes,
    });
    await printOne(context.terminal, context.format(options), approvalCard(view));
    return exit.done;
  },
});
