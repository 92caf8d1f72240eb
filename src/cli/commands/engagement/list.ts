import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, name, outputOption, pageOptions } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { pageQuery } from "../../page-query.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only of this one"),
    ...pageOptions,
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock engagement list --service shop"],
  async run(context, { options }) {
    const { items, next } = await context.connect(options).call("engagementList", {
      query: { service: options.service, ...pageQuery(options) },
    });
    await printList(context.terminal, context.format(options), {
      items,
      next,
      columns: [
        { title: "id", value: ({ id }) => id },
        { title: "state", value: ({ state }) => state },
        { title: "kind", value: ({ engagement }) => engagement.kind },
        { title: "service", value: ({ engagement }) => engagement.service },
        { title: "by", value: ({ engagement }) => engagement.party },
        { title: "ended", value: ({ engagement }) => engagement.ended },
        { title: "valid until", value: ({ engagement }) => engagement.validUntil },
        { title: "open findings", value: ({ findings }) => String(findings.open) },
        { title: "outcome", wide: true, value: ({ engagement }) => engagement.outcome },
      ],
      name: ({ id }) => id,
      empty: "no engagement was recorded",
    });
    return exit.done;
  },
});
