import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { governanceCard } from "../../policy/governance-text.ts";
import { policyProposalCard, policySignHint } from "../../policy/proposal-card.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  details:
    "Proposes that one person changes policy again. It counts when two different people have signed it (exit code 5).",
  async run(context, { options }) {
    const { governance, proposal } = await context
      .connect(options)
      .call("governanceSet", { body: { mode: "solo" } });
    const format = context.format(options);
    if (proposal === null) {
      await printOne(context.terminal, format, governanceCard(governance));
      return exit.done;
    }
    await printOne(context.terminal, format, policyProposalCard(proposal));
    context.terminal.note(policySignHint(proposal.id));
    return exit.waiting;
  },
});
