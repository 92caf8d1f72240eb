import { TidelockError } from "../../../model/errors.ts";
import { glassCard } from "../../break-glass/card.ts";
import { signGlassShown } from "../../break-glass/sign-glass.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { findingId } from "../../findings/finding-id.ts";
import {
  argument,
  choice,
  connectionOptions,
  flag,
  outputOption,
  required,
  text,
} from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "BG-3") },
  options: {
    outcome: required(
      choice("--outcome <word>", "what you come to", ["justified", "not-justified"] as const),
    ),
    words: required(text("--words <text>", "what you found, and what follows from it")),
    findings: text("--findings <ids>", "what came of it: F-12,F-13"),
    key: required(text("--key <file>", "your private key in PEM: Ed25519, ECDSA P-256 or P-384")),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Somebody reviews what others set aside, and signs it; until then no other release goes there. Whoever broke it\n" +
    "cannot review it; in solo mode they can after 12 hours, and it is said that there was no second person.",
  examples: [
    'tidelock break-glass review BG-3 --outcome justified --words "the check was down; it passes since" --findings F-12 --key kim.pem',
  ],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const params = { id: args.id };
    const view = await client.call("breakGlassShow", { params });
    const { outcome, words, key, yes } = options;
    const promotion = view.used?.promotion;
    if (promotion === undefined) {
      throw new TidelockError("conflict", `nobody went through ${args.id}`, {
        fault: "operator",
        where: args.id,
        hint: "there is nothing to review",
      });
    }
    const findings = options.findings?.split(",").map((one) => findingId(one.trim())) ?? [];
    const answer = (person: string) => ({
      purpose: "review" as const,
      person,
      outcome,
      words,
      findings,
      promotion,
    });
    const signed = await signGlassShown(context, client, view, answer, { key, yes });
    const after = await client.call("breakGlassReview", { params, body: { signed } });
    await printOne(context.terminal, context.format(options), glassCard(after));
    return exit.done;
  },
});
