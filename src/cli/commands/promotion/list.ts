import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, name, outputOption, whole } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { promotionColumns } from "../../promotion/show.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only this service"),
    environment: name("--environment <name>", "only this environment"),
    limit: whole("--limit <n>", "how many (default 50)", { least: 1, most: 500 }),
    ...connectionOptions,
    ...outputOption,
  },
  async run(context, { options }) {
    const { items } = await context.connect(options).call("promotionList", {
      query: {
        service: options.service,
        environment: options.environment,
        limit: options.limit ?? 50,
      },
    });
    await printList(context.terminal, context.format(options), {
      items,
      columns: promotionColumns,
      name: (item) => item.id,
      empty: "there are no promotions yet",
    });
    return exit.done;
  },
});
