import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption, whole } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    limit: whole("--limit <n>", "how many (default 100)", { least: 1, most: 1_000 }),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Calls of the API that changed something or were refused, newest first, held against the digests in\n" +
    "the ledger. Exit code 7 when somebody changed or dropped one.",
  async run(context, { options }) {
    const query = { limit: options.limit ?? 100 };
    const { items, problems } = await context.connect(options).call("accessList", { query });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "at", value: ({ at }) => when(at) },
        { title: "by", value: ({ actor }) => actor },
        { title: "call", value: ({ action }) => action },
        { title: "of", value: ({ target }) => target || "-" },
        { title: "answer", value: ({ outcome }) => outcome },
        {
          title: "in the ledger",
          wide: true,
          value: ({ recorded }) => (recorded ? "yes" : "soon"),
        },
      ],
      name: ({ id }) => String(id),
      empty: "nobody has called yet",
    });
    for (const problem of problems) context.terminal.note(clean(problem));
    return problems.length === 0 ? exit.done : exit.verification;
  },
});
