import { vouchingCard } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { argument, connectionOptions, outputOption, texts, whole } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { waitNote } from "../../policy/wait-note.ts";

export const command = defineCommand({
  arguments: {
    provider: argument("provider", "as the server's file of identity providers calls it"),
  },
  options: {
    administrator: texts(
      "--administrator <name>",
      "who can make accounts there, or sign in as others",
    ),
    amr: texts("--amr <method>", "one of these the provider has to have used (amr)"),
    acr: texts("--acr <class>", "one of these the provider has to have reached (acr)"),
    days: whole("--days <n>", "how long a word of it counts (default 90)", { least: 1, most: 365 }),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Whoever signs in there may then say which of the things that others made for them are theirs, and that counts as a third\n" +
    "person's word. You stand behind each of these words, and so does whoever signs this, whoever links somebody there, and\n" +
    "every administrator: nothing that one of them made, or has worked on, is lifted by it. Name the administrators: nobody\n" +
    "but you knows who they are. In team mode two people sign the proposal first (exit code 5); then ask again.",
  examples: [
    "tidelock person let-provider-vouch company --administrator it@shop.example --amr hwk",
  ],
  async run(context, { args, options }) {
    const { administrator, acr, amr, days } = options;
    const demand = {
      ...(acr.length === 0 ? {} : { acr: [...acr] }),
      ...(amr.length === 0 ? {} : { amr: [...amr] }),
    };
    const view = await context.connect(options).call("vouchingProviderAdd", {
      body: {
        provider: args.provider,
        demand: Object.keys(demand).length === 0 ? null : demand,
        administrators: [...administrator],
        ...(days === undefined ? {} : { days }),
      },
    });
    await printOne(context.terminal, context.format(options), vouchingCard(view));
    return waitNote(context.terminal, view);
  },
});
