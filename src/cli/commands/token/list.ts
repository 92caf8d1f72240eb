import { mayText, scopeText, whoseText } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    all: flag("-a, --all", "those that ended, too"),
    ...connectionOptions,
    ...outputOption,
  },
  async run(context, { options }) {
    const { items } = await context
      .connect(options)
      .call("tokenList", { query: { state: options.all ? "any" : "valid" } });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "id", value: ({ id }) => id },
        { title: "name", value: (token) => token.name },
        { title: "whose", value: whoseText },
        { title: "may", value: mayText },
        { title: "where", value: scopeText },
        {
          title: "until",
          value: ({ state, expiresAt }) => (state === "valid" ? when(expiresAt) : state),
        },
        {
          title: "last used",
          value: ({ lastUsedAt }) => (lastUsedAt === null ? "never" : when(lastUsedAt)),
        },
        { title: "places", wide: true, value: ({ places }) => String(places) },
        { title: "created by", wide: true, value: ({ addedBy }) => addedBy },
      ],
      name: ({ id }) => id,
      empty: "there is no token besides the one of the data directory",
    });
    return exit.done;
  },
});
