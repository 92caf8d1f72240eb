import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const { items } = await context.connect(options).call("accountList", {});
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "name", value: ({ name }) => clean(name) },
        { title: "state", value: ({ state }) => state },
        { title: "password", value: ({ password }) => (password ? "yes" : "no") },
        { title: "app", value: ({ totp }) => (totp ? "yes" : "no") },
        { title: "sessions", value: ({ sessions }) => String(sessions) },
        {
          title: "last seen",
          value: ({ lastSeenAt }) => (lastSeenAt === null ? "" : when(lastSeenAt)),
        },
        { title: "failed tries", value: ({ failedTries }) => String(failedTries) },
        { title: "sponsor", wide: true, value: ({ sponsor }) => clean(sponsor ?? "") },
        {
          title: "link until",
          wide: true,
          value: ({ linkUntil }) => (linkUntil === null ? "" : when(linkUntil)),
        },
      ],
      name: ({ name }) => name,
      empty: "nobody has signed up yet: `tidelock server start` prints a link for the first one",
    });
    return exit.done;
  },
});
