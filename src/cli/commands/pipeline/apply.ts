import { checkKinds } from "../../../compose-local.ts";
import { parseDocuments } from "../../../pipeline-file/parse.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption, text } from "../../options.ts";
import { printList, printOne } from "../../output/print.ts";
import { shortDigest } from "../../output/words.ts";
import { policyProposalCard, policySignHint } from "../../policy/proposal-card.ts";
import { clean } from "../../terminal.ts";

/** A first registration is all new; what is there is shown by `policy show`. */
const shownChanges = 20;

export const command = defineCommand({
  arguments: {},
  options: {
    file: text("-f, --file <path>", "the file (default: ./tidelock.yaml)"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Everything in the file or nothing. Promotions use what is registered, never what a release carries.\n" +
    "What changes policy is governed: in team mode the file becomes a proposal that two people sign (exit code 5).",
  async run(context, { options }) {
    const client = context.connect(options);
    const file = context.projectFile(options.file);
    // The same parser as the server's: mistakes show before anything is sent.
    parseDocuments(file.path, file.text, {
      checks: await checkKinds(),
    });
    const { applied, proposal, policy } = await client.call("pipelineApply", {
      body: { file: file.path, text: file.text },
    });
    const format = context.format(options);
    if (proposal !== null) {
      await printOne(context.terminal, format, policyProposalCard(proposal));
      context.terminal.note(
        "nothing was applied: it changes policy, and takes effect when two different people have signed it",
      );
      context.terminal.note(policySignHint(proposal.id));
      return exit.waiting;
    }
    await printList(context.terminal, format, {
      items: applied,
      columns: [
        { title: "kind", value: (item) => item.kind },
        { title: "name", value: (item) => item.name },
        { title: "result", value: (item) => (item.changed ? "changed" : "unchanged") },
        { title: "digest", value: (item) => shortDigest(item.digest) },
      ],
      name: (item) => `${item.kind.toLowerCase()}/${item.name}`,
      empty: "the file has no documents",
    });
    if (policy !== null) {
      for (const line of policy.changes.slice(0, shownChanges)) context.terminal.note(clean(line));
      const more = policy.changes.length - shownChanges;
      if (more > 0) context.terminal.note(`and ${more} more: tidelock policy show`);
      context.terminal.note(
        `this changes policy, on one person's word (governance ${policy.governance}); in the last 90 days: ${policy.replay}`,
      );
    }
    return exit.done;
  },
});
