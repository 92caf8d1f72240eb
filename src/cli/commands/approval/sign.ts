import { approvalCard } from "../../approval/approval-card.ts";
import { momentOf, signAnswer } from "../../approval/sign-answer.ts";
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
    reason: text("--reason <text>", "what there is to say about it"),
    notBefore: text("--not-before <time>", "it counts from then on"),
    expires: text("--expires <time>", "it counts until then, or as long as the policy says"),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Shows in words what you are about to sign (release, configuration, plan, policy, every verdict and finding), computes\n" +
    "the digests anew on this machine, and signs exactly that: the key goes nowhere. It stands until something gets worse, or\n" +
    "until plan, configuration or policy are others. Nobody approves own work.",
  examples: [
    "tidelock approval sign 3f2a91c07b1e --key maria.pem",
    "tidelock approval sign 3f2a91c07b1e --key maria.pem --role sre --expires 2026-12-31T18:00:00Z",
  ],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const { key, role, reason, yes } = options;
    const view = await signAnswer(context, client, args.request, {
      purpose: "approve",
      role,
      reason: reason ?? "",
      notBefore: momentOf(options.notBefore, "--not-before"),
      expires: momentOf(options.expires, "--expires"),
      key,
      yes,
    });
    await printOne(context.terminal, context.format(options), approvalCard(view));
    return view.says.every(({ outcome }) => outcome === "allow") ? exit.done : exit.waiting;
  },
});
