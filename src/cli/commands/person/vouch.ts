import { vouchStatement, vouchText } from "../../../evidence/predicates/vouch.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { sponsorsCard } from "../../people/cards.ts";
import { signShown } from "../../sign-shown.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "whom you know") },
  options: {
    key: required(text("--key <file>", "your private key in PEM: Ed25519, ECDSA P-256 or P-384")),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Shows what made this person what they are here, and signs on this machine that you have made sure of it: the key goes nowhere. You are a third person, with the right people.vouch or policy.change: not them, not one of those who enrolled them, and not enrolled by one of those.",
  examples: ["tidelock person vouch maria@shop.example --key jo.pem"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const params = { name: args.name };
    const { toVouch } = await client.call("personToVouch", { params });
    if (toVouch === null) {
      throw new TidelockError("conflict", "nothing is open: nobody has to vouch", {
        fault: "operator",
        where: args.name,
        hint: `tidelock person sponsors ${args.name}`,
      });
    }
    const shown = {
      text: (person: string) => vouchText(toVouch, person),
      statement: (person: string) => vouchStatement(toVouch, person),
    };
    const envelope = await signShown(context, client, shown, options);
    const view = await client.call("personVouch", { params, body: { envelope } });
    await printOne(context.terminal, context.format(options), sponsorsCard(view));
    return exit.done;
  },
});
