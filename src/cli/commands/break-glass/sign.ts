import { glassCard } from "../../break-glass/card.ts";
import { signGlassShown } from "../../break-glass/sign-glass.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "BG-3") },
  options: {
    key: required(text("--key <file>", "your private key in PEM: Ed25519, ECDSA P-256 or P-384")),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Shows in words what would be set aside, computes the digests anew on this machine, and signs exactly that. Two\n" +
    "different people sign; neither may have enrolled the other. Both may have written the change: it is said.",
  examples: ["tidelock break-glass sign BG-3 --key tom.pem"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const params = { id: args.id };
    const view = await client.call("breakGlassShow", { params });
    const answer = (person: string) => ({ purpose: "break-glass" as const, person });
    const { key, yes } = options;
    const signed = await signGlassShown(context, client, view, answer, { key, yes });
    const after = await client.call("breakGlassSign", { params, body: { signed } });
    await printOne(context.terminal, context.format(options), glassCard(after));
    return after.state === "in-force" ? exit.done : exit.waiting;
  },
});
