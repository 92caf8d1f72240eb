import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    all: flag("--all", "those too that were cleared"),
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock line list"],
  async run(context, { options }) {
    const { items } = await context.connect(options).call("stopList", {
      query: { cleared: options.all ? "true" : "false" },
    });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "id", value: ({ id }) => id },
        { title: "kind", value: ({ kind }) => (kind === "line" ? "stopped line" : "ban") },
        { title: "of", value: ({ scope }) => scope },
        { title: "reason", value: ({ reason }) => reason },
        { title: "by", value: ({ by }) => by },
        { title: "since", value: ({ at }) => when(at) },
        { title: "cleared", value: ({ cleared }) => when(cleared?.at ?? null) },
        { title: "why cleared", wide: true, value: ({ cleared }) => cleared?.reason ?? "-" },
      ],
      name: ({ id }) => id,
      empty: "nothing is stopped",
    });
    return exit.done;
  },
});
