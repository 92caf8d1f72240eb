import { scopeText } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    given: flag("--given", "who has which, instead of which there are"),
    ...connectionOptions,
    ...outputOption,
  },
  async run(context, { options }) {
    const client = context.connect(options);
    const format = context.format(options);
    if (options.given) {
      const { items } = await client.call("roleAssignments", {});
      await printList(context.terminal, format, {
        items,
        columns: [
          { title: "id", value: ({ id }) => id },
          { title: "role", value: ({ role }) => role },
          { title: "to", value: ({ to }) => `${to.kind} ${to.name ?? to.id}` },
          { title: "where", value: scopeText },
          { title: "given by", value: ({ addedBy }) => addedBy },
          { title: "at", wide: true, value: ({ addedAt }) => when(addedAt) },
        ],
        name: ({ id }) => id,
        empty: "nobody was given a role",
      });
      return exit.done;
    }
    const { items } = await client.call("roleList", {});
    await printList(context.terminal, format, {
      items,
      columns: [
        { title: "role", value: ({ name }) => name },
        { title: "permissions", value: ({ permissions }) => String(permissions.length) },
        { title: "says", value: ({ says }) => says },
      ],
      name: ({ name }) => name,
      empty: "there is no role",
    });
    return exit.done;
  },
});
