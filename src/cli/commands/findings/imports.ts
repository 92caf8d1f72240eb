import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { cut, releaseText } from "../../findings/finding-text.ts";
import { connectionOptions, outputOption, serviceOption, whole } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    ...serviceOption,
    limit: whole("--limit <n>", "how many (default 50)", { least: 1, most: 500 }),
    ...connectionOptions,
    ...outputOption,
  },
  async run(context, { options }) {
    const { value: service } = await context.service(options.service, options);
    const { items, missing } = await context.connect(options).call("findingImports", {
      params: { service },
      query: { limit: options.limit ?? 50 },
    });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "import", value: ({ id }) => id },
        { title: "at", value: ({ at }) => when(at) },
        { title: "tool", value: ({ tool }) => cut(`${tool.name} ${tool.version}`, 40) },
        { title: "format", wide: true, value: ({ format }) => format },
        { title: "release", value: ({ release }) => releaseText(release) },
        { title: "environment", value: ({ environment }) => environment ?? "-" },
        { title: "scan of", value: ({ subject }) => cut(subject, 40) || "-" },
        { title: "hits", value: ({ observations }) => String(observations) },
        { title: "new", value: ({ opened }) => String(opened) },
        { title: "reopened", value: ({ reopened }) => String(reopened) },
        { title: "unseen", value: ({ unseen }) => String(unseen) },
        { title: "complete", value: (one) => (one.complete ? "yes" : `no: ${cut(one.missing)}`) },
        { title: "trust", value: ({ trust }) => trust },
        { title: "by", wide: true, value: ({ by }) => by },
        { title: "report", wide: true, value: ({ report }) => report.digest },
      ],
      name: ({ id }) => id,
      empty: `no report of ${service} was taken in yet; \`tidelock findings import <report>\` brings one`,
    });
    for (const { check, run, why, tries, givenUp } of missing) {
      const tried = tries === 0 ? "" : ` (tried ${tries === 1 ? "once" : `${tries} times`})`;
      const next = givenUp ? `; try again: tidelock findings retry ${run}` : "; it is tried again";
      context.terminal.note(
        clean(
          `! the report of check ${check} (${run}) is not among the findings: ${why}${tried}${next}`,
        ),
      );
    }
    return exit.done;
  },
});
