import { glassStatement } from "../../../identity/break-glass/statement.ts";
import { glassText } from "../../../identity/break-glass/text.ts";
import type { GlassAnswer } from "../../../model/break-glass.ts";
import { glassCard } from "../../break-glass/card.ts";
import { requireSameGlass } from "../../break-glass/sign-glass.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { findingId } from "../../findings/finding-id.ts";
import { argument, choice, connectionOptions, outputOption, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { showToSign } from "../../show-to-sign.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "BG-3") },
  options: {
    person: text("--person <pseudonym>", "what this person would sign: person:…"),
    outcome: choice("--outcome <word>", "as a review that comes to this", [
      "justified",
      "not-justified",
    ] as const),
    words: text("--words <text>", "with these words"),
    findings: text("--findings <ids>", "and these findings: F-12,F-13"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Computes the digests of plan and decision anew: exit code 7 where they are not what the server says. With --person it\n" +
    "makes the text that this person would sign and the challenge that a passkey is asked to sign: compare it with what the\n" +
    "dashboard shows.",
  examples: [
    "tidelock break-glass show BG-3",
    "tidelock break-glass show BG-3 --person person:0a…",
    'tidelock break-glass show BG-3 --person person:0a… --outcome justified --words "it was needed"',
  ],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("breakGlassShow", { params: { id: args.id } });
    await printOne(context.terminal, context.format(options), glassCard(view));
    requireSameGlass(view);
    const { person, outcome, words = "", findings } = options;
    if (person === undefined) return exit.done;
    const answer: GlassAnswer =
      outcome === undefined
        ? { purpose: "break-glass", person }
        : {
            purpose: "review",
            person,
            outcome,
            words,
            findings: findings?.split(",").map((one) => findingId(one.trim())) ?? [],
            promotion: view.used?.promotion ?? "",
          };
    showToSign(context.terminal, glassText(view, answer), glassStatement(view, answer));
    return exit.done;
  },
});
