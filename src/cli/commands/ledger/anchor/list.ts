import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../../options.ts";
import { printList } from "../../../output/print.ts";
import { answerWord, when } from "../../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const { items } = await context.connect(options).call("ledgerAnchorList", {});
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "name", value: ({ name }) => name },
        { title: "kind", value: ({ settings }) => settings.kind },
        {
          title: "anchored",
          value: ({ anchored }) => (anchored ? String(anchored.size) : "nothing yet"),
        },
        { title: "at", value: ({ anchored }) => (anchored ? when(anchored.at) : "") },
        { title: "answer", value: ({ lastAnswer }) => answerWord(lastAnswer) },
        {
          title: "where",
          wide: true,
          value: ({ settings, anchored }) =>
            anchored?.place ?? (settings.kind === "git" ? settings.repository : settings.folder),
        },
      ],
      name: ({ name }) => name,
      empty: "this ledger's checkpoints are written down nowhere else",
    });
    return exit.done;
  },
});
