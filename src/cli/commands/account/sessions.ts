import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag, outputOption, text } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    of: text("--of <name>", "somebody else's (default: one's own)"),
    end: text("--end <id>", "end this one"),
    endAll: flag("--end-all", "end every one: signed out everywhere"),
    ...connectionOptions,
    ...outputOption,
  },
  details: "Networks and programs, never whole addresses. One that is ended is refused by every server at the next request.", // prettier-ignore
  examples: ["tidelock account sessions", "tidelock account sessions --of jo@shop.example --end-all"], // prettier-ignore
  async run(context, { options }) {
    const client = context.connect(options);
    const { of, end, endAll } = options;
    if (end !== undefined || endAll) {
      const { ended } =
        end === undefined
          ? await (of === undefined
              ? client.call("sessionsEnd", {})
              : client.call("accountSessionsEnd", { params: { name: of } }))
          : await (of === undefined
              ? client.call("sessionEndOne", { params: { id: end } })
              : client.call("accountSessionEnd", { params: { name: of, id: end } }));
      context.terminal.note(`${ended} ended`);
      return exit.done;
    }
    const { items } =
      of === undefined
        ? await client.call("sessionList", {})
        : await client.call("accountSessions", { params: { name: of } });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "id", value: ({ id }) => id },
        { title: "program", value: ({ program }) => clean(program) },
        { title: "network", value: ({ place }) => clean(place) },
        { title: "by", value: ({ methods }) => methods.join(", ") },
        { title: "since", value: ({ signedInAt }) => when(signedInAt) },
        { title: "last seen", value: ({ lastSeenAt }) => when(lastSeenAt) },
        { title: "until", wide: true, value: ({ expiresAt }) => when(expiresAt) },
        { title: "", value: ({ current }) => (current ? "this one" : "") },
      ],
      name: ({ id }) => id,
      empty: "nowhere signed in",
    });
    return exit.done;
  },
});
