import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  details:
    "A feed that was never imported says nothing, which is something else than zero: what it would rank is unknown.",
  examples: ["tidelock feeds status"],
  async run(context, { options }) {
    const { items } = await context.connect(options).call("feedStatus", {});
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "feed", value: ({ kind }) => kind },
        { title: "as of", value: ({ edition }) => edition?.asOf.slice(0, 10) ?? "never imported" },
        { title: "records", value: ({ edition }) => (edition ? String(edition.records) : "") },
        { title: "imported", value: ({ edition }) => (edition ? when(edition.importedAt) : "") },
        { title: "by", value: ({ edition }) => edition?.importedBy ?? "" },
        { title: "digest", value: ({ edition }) => edition?.digest.slice(0, 19) ?? "" },
        { title: "edition", wide: true, value: ({ edition }) => edition?.version ?? "" },
        { title: "fewer because", wide: true, value: ({ edition }) => edition?.fewer ?? "" },
      ],
      name: ({ kind }) => kind,
      empty: "there is no feed",
    });
    return exit.done;
  },
});
