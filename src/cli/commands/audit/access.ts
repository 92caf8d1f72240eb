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
    "Calls of the API that changed something, read what is sensitive (which secrets exist, entries, evidence, this\n" +
    "list) or were refused, newest first, held against the digests in the ledger. Exit code 7 when somebody changed or dropped one.",
  async run(context, { options }) {
    const query = { limit: options.limit ?? 100 };
    const { items, problems } = await context.connect(options).call("accessList", { query });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "at", value: ({ at }) => when(at) },
        { title: "by", value: ({ actor }) => shortActor(actor) },
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

/** Enough of a pseudonym to tell people apart; -o json has it whole. */
function shortActor(actor: string): string {
  return /^person:[0-9a-f]{32}$/.test(actor) ? actor.slice(0, 15) : actor;
}
