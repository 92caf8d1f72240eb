import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, name, outputOption, pageOptions } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { pageQuery } from "../../page-query.ts";
import { promotionColumns } from "../../promotion/show.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only this service"),
    environment: name("--environment <name>", "only this environment"),
    ...pageOptions,
    ...connectionOptions,
    ...outputOption,
  },
  async run(context, { options }) {
    const { items, next } = await context.connect(options).call("promotionList", {
      query: {
        service: options.service,
        environment: options.environment,
        ...pageQuery(options),
      },
    });
    await printList(context.terminal, context.format(options), {
      items,
      next,
      columns: promotionColumns,
      name: (item) => item.id,
      empty: "there are no promotions yet",
    });
    return exit.done;
  },
});
