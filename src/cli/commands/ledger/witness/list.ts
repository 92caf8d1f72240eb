import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../../options.ts";
import { printList } from "../../../output/print.ts";
import { answerWord, when } from "../../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const { items } = await context.connect(options).call("ledgerWitnessList", {});
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "name", value: ({ name }) => name },
        { title: "operator", value: ({ operator }) => operator },
        {
          title: "cosigned",
          value: ({ cosigned }) => (cosigned ? String(cosigned.size) : "nothing yet"),
        },
        { title: "at", wide: true, value: ({ cosigned }) => (cosigned ? when(cosigned.at) : "") },
        { title: "answer", value: ({ lastAnswer }) => answerWord(lastAnswer) },
        { title: "url", wide: true, value: ({ url }) => url },
      ],
      name: ({ name }) => name,
      empty: "nobody witnesses this ledger",
    });
    return exit.done;
  },
});
