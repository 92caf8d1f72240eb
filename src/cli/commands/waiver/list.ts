import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { findingId } from "../../findings/finding-id.ts";
import { choice, connectionOptions, name, outputOption, pageOptions, text } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { pageQuery } from "../../page-query.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";
import { acceptedIn } from "../../waiver/waiver-card.ts";

const states = ["open", "proposed", "in-force", "withdrawn", "ended", "any"] as const;

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only of this one"),
    environment: name("--environment <name>", "only there"),
    finding: text("--finding <id>", "only of this finding"),
    state: choice("--state <word>", "default: open, proposed or in force", states),
    ...pageOptions,
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock waiver list --service shop", "tidelock waiver list --state any"],
  async run(context, { options }) {
    const { service, environment, finding, state } = options;
    const { items, next } = await context.connect(options).call("waiverList", {
      query: {
        service,
        environment,
        finding: finding === undefined ? undefined : findingId(finding),
        state: state ?? "open",
        ...pageQuery(options),
      },
    });
    await printList(context.terminal, context.format(options), {
      items,
      next,
      columns: [
        { title: "id", value: ({ id }) => id },
        {
          title: "state",
          value: ({ state: is, holds }) =>
            is === "in-force" && !holds ? "in force, does not hold" : is.replace("-", " "),
        },
        { title: "accepts", value: acceptedIn },
        { title: "until", value: ({ until }) => when(until) },
        { title: "owner", value: ({ waived }) => clean(waived.owner) },
        { title: "signed", value: ({ signatures }) => `${signatures.length} of 2` },
        { title: "reason", wide: true, value: ({ waived }) => clean(waived.reason) },
      ],
      name: ({ id }) => id,
      empty: "no accepted risk",
    });
    return exit.done;
  },
});
