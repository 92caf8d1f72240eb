import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const { items } = await context.connect(options).call("vouchingProviderList", {});
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "id", value: ({ id }) => id },
        { title: "issuer", value: ({ issuer }) => clean(issuer) },
        { title: "days", value: ({ days }) => String(days) },
        {
          title: "administrators",
          value: ({ administrators }) => clean(administrators.join(", ")) || "none named",
        },
        { title: "let by", value: ({ addedBy }) => clean(addedBy) },
        { title: "at", wide: true, value: ({ addedAt }) => when(addedAt) },
      ],
      name: ({ id }) => id,
      empty: "no provider vouches for anybody",
    });
    return exit.done;
  },
});
