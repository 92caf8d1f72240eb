import { scopeText } from "../../../access/cards.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../../options.ts";
import { printList } from "../../../output/print.ts";
import { when } from "../../../output/words.ts";
import { clean } from "../../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const { items } = await context.connect(options).call("workloadRuleList", {});
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "rule", value: ({ name }) => name },
        { title: "platform", value: ({ platform }) => platform },
        { title: "issuer", wide: true, value: ({ issuer }) => clean(issuer) },
        {
          title: "claims",
          wide: true,
          value: ({ claims }) =>
            clean(
              Object.entries(claims)
                .map(([claim, values]) => `${claim}=${values.join("|")}`)
                .join(" "),
            ),
        },
        { title: "gives", value: ({ role }) => role },
        { title: "where", value: scopeText },
        { title: "given", value: ({ given }) => String(given) },
        {
          title: "last used",
          value: ({ lastUsedAt }) => (lastUsedAt === null ? "never" : when(lastUsedAt)),
        },
      ],
      name: ({ name }) => name,
      empty: "no rule lets a workload in",
    });
    return exit.done;
  },
});
