import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const { items } = await context.connect(options).call("pipelineList", {});
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "service", value: (item) => item.name },
        { title: "version", value: (item) => String(item.version) },
        { title: "environments", value: (item) => item.environments.join(" -> ") },
        { title: "digest", wide: true, value: (item) => item.digest },
      ],
      name: (item) => item.name,
      empty: "no pipeline is registered; `tidelock pipeline apply` registers the folder's",
    });
    return exit.done;
  },
});
