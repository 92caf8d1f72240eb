import { scopeText } from "../../../access/cards.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { connectionOptions, outputOption, required, text } from "../../../options.ts";
import { printList } from "../../../output/print.ts";
import { clean } from "../../../terminal.ts";
import { readSmall } from "../../../workload/read-file.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    oidcToken: required(
      text("--oidc-token <file>", "the platform's token; - reads it from standard input"),
    ),
    ...connectionOptions,
    ...outputOption,
  },
  details: "The token is not used up by it. Exit code 4: no rule lets it in.",
  examples: ["tidelock workload rule test --oidc-token token.jwt"],
  async run(context, { options }) {
    const token = readSmall(options.oidcToken, "the token").trim();
    const { items } = await context.connect(options).call("workloadRuleTest", { body: { token } });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "rule", value: ({ name }) => name },
        { title: "where", value: scopeText },
        { title: "lets in", value: ({ letsIn }) => (letsIn ? "yes" : "no") },
        { title: "because", value: ({ why }) => clean(why.join("; ")) },
      ],
      name: ({ name }) => name,
      empty: "there is no rule",
    });
    return items.some(({ letsIn }) => letsIn) ? exit.done : exit.notAllowed;
  },
});
