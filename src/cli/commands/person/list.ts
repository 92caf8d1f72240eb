import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { grantText } from "../../manual/card.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const { items } = await context.connect(options).call("personList", {});
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "name", value: ({ name }) => name ?? "(erased)" },
        { title: "also", value: ({ also }) => also.join(", ") || "-" },
        {
          title: "keys",
          value: ({ keys }) =>
            keys
              .filter(({ removedAt }) => removedAt === null)
              .map(({ id }) => id.slice(0, 19))
              .join(", ") || "none",
        },
        {
          title: "rights",
          value: ({ grants }) =>
            grants
              .filter(({ removedAt }) => removedAt === null)
              .map(grantText)
              .join(", ") || "none",
        },
        { title: "stands in evidence as", wide: true, value: ({ person }) => person },
      ],
      name: ({ person }) => person,
      empty: "nobody has a key or a right here yet",
    });
    return exit.done;
  },
});
