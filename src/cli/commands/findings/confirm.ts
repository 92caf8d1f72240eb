import type { Client } from "../../../api/client.ts";
import type { ProposalView } from "../../../api/views/finding.ts";
import { consentStatement, consentText } from "../../../evidence/predicates/finding-consent.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { proposalCard } from "../../findings/proposal-card.ts";
import { argument, connectionOptions, flag, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { signShown } from "../../sign-shown.ts";

export const command = defineCommand({
  arguments: { proposal: argument("proposal", "see `tidelock findings show`") },
  options: {
    key: required(text("--key <file>", "your private key in PEM: Ed25519, ECDSA P-256 or P-384")),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Shows in words what you are about to sign, and signs it on this machine: the key goes nowhere. It counts\n" +
    "with the second person's signature; who built the release, works on the finding or proposed it cannot be the second.",
  examples: ["tidelock findings confirm a3k9x0p2m4qv --key maria.pem"],
  async run(context, { args, options }) {
    const { terminal } = context;
    const client = context.connect(options);
    const view = await proposalOf(client, args.proposal);
    if (!view) {
      throw new TidelockError("not-found", `nothing was proposed as ${args.proposal}`, {
        fault: "operator",
        where: "<proposal>",
        hint: "see the finding: tidelock findings show <id>",
      });
    }
    const shown = {
      text: (person: string) => consentText(view.proposed, person),
      statement: (person: string) => consentStatement(view.proposed, person),
    };
    const envelope = await signShown(context, client, shown, options);
    const done = await client.call("findingConsent", { body: { proposal: view.id, envelope } });
    await printOne(terminal, context.format(options), proposalCard(done));
    return exit.done;
  },
});

/** However many there are: the newest pages first, where it nearly always is. */
async function proposalOf(client: Client, wanted: string): Promise<ProposalView | undefined> {
  for (let after: string | undefined; ;) {
    const query = { state: "any" as const, limit: 500, after };
    const { items, next } = await client.call("findingProposals", { query });
    const found = items.find(({ id }) => id === wanted);
    if (found !== undefined || next === null) return found;
    after = next;
  }
}
