import {
  policyConsentStatement,
  policyConsentText,
} from "../../../evidence/predicates/policy-consent.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { policyProposalCard } from "../../policy/proposal-card.ts";
import { signShown } from "../../sign-shown.ts";

export const command = defineCommand({
  arguments: { proposal: argument("proposal", "see `tidelock policy proposals`") },
  options: {
    key: required(text("--key <file>", "your private key in PEM: Ed25519, ECDSA P-256 or P-384")),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Shows in words what would change and what it would have done to past decisions, and signs exactly that on this\n" +
    "machine: the key goes nowhere. It takes effect with the second person's signature; who proposed it cannot be\n" +
    "the second. Exit code 5: it waits for somebody else.",
  examples: ["tidelock policy sign a3k9x0p2m4qv --key maria.pem"],
  async run(context, { args, options }) {
    const { terminal } = context;
    const client = context.connect(options);
    const view = await client.call("policyProposal", { params: { id: args.proposal } });
    const shown = {
      text: (person: string) => policyConsentText(view.proposed, person),
      statement: (person: string) => policyConsentStatement(view.proposed, person),
    };
    const envelope = await signShown(context, client, shown, options);
    const done = await client.call("policySign", { body: { proposal: view.id, envelope } });
    await printOne(terminal, context.format(options), policyProposalCard(done));
    return done.state === "waiting" ? exit.waiting : exit.done;
  },
});
