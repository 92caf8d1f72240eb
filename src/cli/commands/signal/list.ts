import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import {
  argument,
  connectionOptions,
  name,
  outputOption,
  required,
  text,
  whole,
} from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: { service: argument("service", "whose signals") },
  options: {
    environment: required(name("--environment <name>", "where it ran")),
    release: text("--release <release>", "only of this one: version or digest"),
    limit: whole("--limit <n>", "how many (default 50)", { least: 1, most: 500 }),
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock signal list shop --environment production --release 1.4.2"],
  async run(context, { args, options }) {
    const { items } = await context.connect(options).call("signalList", {
      params: { service: args.service, environment: options.environment },
      query: { release: options.release, limit: options.limit ?? 50 },
    });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "at", value: ({ at }) => when(at) },
        { title: "source", value: ({ source }) => source },
        { title: "severity", value: ({ severity }) => severity },
        { title: "kind", value: ({ kind }) => kind },
        { title: "release", value: ({ release }) => release.version ?? release.id.slice(0, 19) },
        { title: "message", value: ({ message }) => message },
        { title: "id", wide: true, value: ({ id }) => id },
        { title: "by", wide: true, value: ({ by }) => by },
      ],
      name: ({ id }) => id,
      empty: "no source has reported anything here",
    });
    return exit.done;
  },
});
