import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag, outputOption, pageOptions } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { pageQuery } from "../../page-query.ts";
import { policySignHint, stateOf, whatOf } from "../../policy/proposal-card.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    all: flag("--all", "those in effect, void and expired as well"),
    ...pageOptions,
    ...connectionOptions,
    ...outputOption,
  },
  details: "Changes of policy, and of who may change it, that two people have to sign (team mode).",
  async run(context, { options }) {
    const state = options.all ? ("any" as const) : ("waiting" as const);
    const query = { state, ...pageQuery(options) };
    const { items, next } = await context.connect(options).call("policyProposals", { query });
    await printList(context.terminal, context.format(options), {
      items,
      next,
      columns: [
        { title: "proposal", value: ({ id }) => id },
        { title: "what", value: whatOf },
        { title: "by", value: ({ by }) => by },
        { title: "until", value: ({ proposed }) => when(proposed.until) },
        { title: "state", value: stateOf },
      ],
      name: ({ id }) => id,
      empty: "no change of policy waits for anybody",
    });
    const [first] = items.filter(({ state }) => state === "waiting");
    if (first) context.terminal.note(policySignHint(first.id));
    return exit.done;
  },
});
