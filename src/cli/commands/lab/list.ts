import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { labNames, readLab } from "../../lab/definition.ts";
import { outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...outputOption },
  async run(context, { options }) {
    const items = labNames().map((name) => {
      const { title, teaches, challenge } = readLab(name);
      return { name, title, teaches, challenge: challenge?.task ?? null };
    });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "lab", value: (item) => item.name },
        { title: "what happens", value: (item) => item.title },
        { title: "what it shows", wide: true, value: (item) => item.teaches },
      ],
      name: (item) => item.name,
      empty: "there are no labs",
    });
    return exit.done;
  },
});
