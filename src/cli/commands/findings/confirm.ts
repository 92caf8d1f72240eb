import { encodeBase64 } from "../../../evidence/bytes.ts";
import { encodeEnvelope } from "../../../evidence/dsse.ts";
import { consentStatement, consentText } from "../../../evidence/predicates/finding-consent.ts";
import { signStatement } from "../../../evidence/statement.ts";
import { TidelockError } from "../../../model/errors.ts";
import { confirm } from "../../confirm.ts";
import { defineCommand } from "../../define-command.ts";
import { signerOf } from "../../evidence/signer.ts";
import { exit } from "../../exit-codes.ts";
import { proposalCard } from "../../findings/proposal-card.ts";
import { whoseKey } from "../../evidence/whose-key.ts";
import { argument, connectionOptions, flag, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { clean } from "../../terminal.ts";

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
    const query = { state: "any" as const, limit: 500 };
    const { items } = await client.call("findingProposals", { query });
    const view = items.find(({ id }) => id === args.proposal);
    if (!view) {
      throw new TidelockError("not-found", `nothing was proposed as ${args.proposal}`, {
        fault: "operator",
        where: "<proposal>",
        hint: "see the finding: tidelock findings show <id>",
      });
    }
    const signer = signerOf(options.key);
    const { person, name } = await whoseKey(client, signer.name);
    for (const line of consentText(view.proposed, person)) terminal.note(clean(line, 10_000));
    terminal.note(`(${person} is ${clean(name)})`);
    await confirm(context, "Sign this?", options.yes);
    const statement = consentStatement(view.proposed, person);
    const envelope = encodeBase64(encodeEnvelope(await signStatement(signer, statement)));
    const done = await client.call("findingConsent", { body: { proposal: view.id, envelope } });
    await printOne(terminal, context.format(options), proposalCard(done));
    return exit.done;
  },
});
