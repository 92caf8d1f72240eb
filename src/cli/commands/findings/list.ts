import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { filterQuery, findingFilterOptions } from "../../findings/filter-options.ts";
import { findingColumns, wideFindingColumns } from "../../findings/finding-text.ts";
import { connectionOptions, outputOption, text, whole } from "../../options.ts";
import { printList } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    ...findingFilterOptions,
    limit: whole("--limit <n>", "how many (default 50)", { least: 1, most: 500 }),
    after: text("--after <mark>", "go on behind a page: the mark that it ended with"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Most urgent first: known exploited, then how likely and how exposed, then how severe. A severity with a\n" +
    "question mark is not the tool's: it stated none, and unknown counts as the worst.",
  examples: [
    "tidelock findings list --service shop --severity high",
    "tidelock findings list --status any --search log4j -o json",
  ],
  async run(context, { options }) {
    const format = context.format(options);
    const page = await context.connect(options).call("findingList", {
      query: { ...filterQuery(options), limit: options.limit ?? 50, after: options.after },
    });
    await printList(context.terminal, format, {
      items: page.items,
      columns: format === "wide" ? wideFindingColumns : findingColumns,
      name: ({ id }) => id,
      empty: "no finding is like that",
    });
    if (page.next !== null) {
      context.terminal.note(
        `${page.items.length} of ${page.total}; more: the same with --after ${page.next}`,
      );
    }
    return exit.done;
  },
});
