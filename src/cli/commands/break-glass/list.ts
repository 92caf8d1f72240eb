import { glassState } from "../../break-glass/card.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { choice, connectionOptions, name, outputOption, pageOptions } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { pageQuery } from "../../page-query.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only of this one"),
    environment: name("--environment <name>", "only there"),
    state: choice("--state <word>", "default: open (asked for, in force, review owed)", [
      "open",
      "any",
    ] as const),
    ...pageOptions,
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock break-glass list", "tidelock break-glass list --state any"],
  async run(context, { options }) {
    const { service, environment, state } = options;
    const { items, next } = await context.connect(options).call("breakGlassList", {
      query: { service, environment, state: state ?? "open", ...pageQuery(options) },
    });
    await printList(context.terminal, context.format(options), {
      items,
      next,
      columns: [
        { title: "id", value: ({ id }) => id },
        { title: "state", value: glassState },
        {
          title: "about",
          value: ({ asked }) => `${asked.service}@${clean(asked.version)} in ${asked.environment}`,
        },
        {
          title: "sets aside",
          value: ({ basis }) => clean(basis.asides.map(({ of }) => of).join(", ")),
        },
        { title: "until", value: ({ asked }) => when(asked.expires) },
        { title: "review due", value: ({ due }) => when(due) },
        { title: "signed", value: ({ signatures }) => String(signatures.length) },
        { title: "reason", wide: true, value: ({ asked }) => clean(asked.reason) },
      ],
      name: ({ id }) => id,
      empty: "no broken glass, and no review is owed",
    });
    return exit.done;
  },
});
