import { formats } from "../../../findings/parsers/formats.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...outputOption },
  details:
    "Each is told from the content of a report; its name is what `--format` takes where that fails.",
  async run(context, { options }) {
    await printList(context.terminal, context.format(options), {
      items: formats.map(({ id, title, syntax }) => ({ id, title, syntax })),
      columns: [
        { title: "format", value: ({ id }) => id },
        { title: "report of", value: ({ title }) => title },
        { title: "syntax", value: ({ syntax }) => syntax },
      ],
      name: ({ id }) => id,
      empty: "no format is known",
    });
    return exit.done;
  },
});
