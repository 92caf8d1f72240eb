import { waiverStatement, waiverText } from "../../../evidence/predicates/waiver-consent.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { showToSign } from "../../show-to-sign.ts";
import { waiverCard } from "../../waiver/waiver-card.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "W-12") },
  options: {
    person: text("--person <pseudonym>", "what this person would sign: person:…"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "With --person it makes the text that this person would sign and the challenge that a passkey is asked to sign: compare\n" +
    "it with what the dashboard shows.",
  examples: ["tidelock waiver show W-12", "tidelock waiver show W-12 --person person:0a…"],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("waiverShow", { params: { id: args.id } });
    await printOne(context.terminal, context.format(options), waiverCard(view));
    const { person } = options;
    if (person === undefined) return exit.done;
    const { waived } = view;
    showToSign(context.terminal, waiverText(waived, person), waiverStatement(waived, person));
    return exit.done;
  },
});
