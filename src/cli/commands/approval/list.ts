import { asksIn } from "../../approval/approval-card.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag, name, outputOption, pageOptions, text } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { pageQuery } from "../../page-query.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only of this one"),
    environment: name("--environment <name>", "only there"),
    promotion: text("--promotion <id>", "only of this one"),
    all: flag("--all", "void ones and those that are over, too"),
    ...pageOptions,
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock approval list", "tidelock approval list --service shop --all"],
  async run(context, { options }) {
    const { service, environment, promotion, all } = options;
    const { items, next } = await context.connect(options).call("approvalList", {
      query: {
        service,
        environment,
        promotion,
        state: all ? "any" : "open",
        ...pageQuery(options),
      },
    });
    await printList(context.terminal, context.format(options), {
      items,
      next,
      columns: [
        { title: "request", value: ({ id }) => id.slice(0, 12) },
        {
          title: "about",
          value: ({ asked }) => `${asked.service}@${clean(asked.version)} in ${asked.environment}`,
        },
        { title: "asked", value: asksIn },
        {
          title: "answered",
          value: ({ answers }) =>
            answers.map(({ purpose, role }) => `${purpose} (${role})`).join(", ") || "-",
        },
        { title: "since", value: ({ at }) => when(at) },
        { title: "state", value: ({ state }) => state },
        { title: "promotion", wide: true, value: ({ asked }) => clean(asked.promotion) },
      ],
      name: ({ id }) => id,
      empty: "nothing waits for anybody's approval",
    });
    return exit.done;
  },
});
