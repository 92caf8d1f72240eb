import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, optionalArgument, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { name: optionalArgument("name", "one person's (default: everybody's)") },
  options: { ...connectionOptions, ...outputOption },
  async run(context, { args, options }) {
    const query = args.name === undefined ? {} : { name: args.name };
    const { items } = await context.connect(options).call("identityList", { query });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "id", value: ({ id }) => id },
        { title: "person", value: ({ name }) => (name === null ? "(erased)" : clean(name)) },
        { title: "issuer", value: ({ issuer }) => clean(issuer) },
        { title: "linked by", value: ({ addedBy }) => clean(addedBy) },
        { title: "at", wide: true, value: ({ addedAt }) => when(addedAt) },
      ],
      name: ({ id }) => id,
      empty: "nobody is linked to an identity at a provider",
    });
    return exit.done;
  },
});
