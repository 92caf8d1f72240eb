import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { signWaiver } from "../../waiver/sign-waiver.ts";
import { waiverCard } from "../../waiver/waiver-card.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "W-12") },
  options: {
    key: required(text("--key <file>", "your private key in PEM: Ed25519, ECDSA P-256 or P-384")),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Shows in words what you are about to sign, and signs it on this machine: the key goes nowhere. It counts with the\n" +
    "second person's signature; who built the release, handled the finding or proposed the waiver cannot be the second.",
  examples: ["tidelock waiver sign W-12 --key maria.pem"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const view = await client.call("waiverShow", { params: { id: args.id } });
    const { key, yes } = options;
    const signed = await signWaiver(context, client, view, { key, yes });
    await printOne(context.terminal, context.format(options), waiverCard(signed));
    return signed.state === "in-force" ? exit.done : exit.waiting;
  },
});
