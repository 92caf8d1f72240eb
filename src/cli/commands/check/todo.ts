import type { ManualRequestView } from "../../../api/routes/manual.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { questionText, requestCard } from "../../manual/card.ts";
import { connectionOptions, optionalArgument, outputOption, text } from "../../options.ts";
import { type Column, printList, printOne } from "../../output/print.ts";
import { when } from "../../output/words.ts";

/** Characters: the whole question is one command away. */
const asksWidth = 60;

const columns: readonly Column<ManualRequestView>[] = [
  { title: "request", value: ({ id }) => id.slice(0, 12) },
  { title: "check", value: ({ check, form }) => `${check} (${form.kind})` },
  {
    title: "about",
    value: ({ service, environment, release }) =>
      `${service}@${release.version ?? "?"} in ${environment}`,
  },
  { title: "asks", value: ({ form }) => questionText(form, asksWidth) },
  { title: "role", value: ({ role }) => role },
  { title: "who may", value: ({ holders }) => holders.join(", ") || "nobody yet" },
  { title: "until", value: ({ answerUntil }) => when(answerUntil) },
  { title: "promotion", wide: true, value: ({ promotion }) => promotion },
  { title: "state", wide: true, value: ({ state }) => state },
];

export const command = defineCommand({
  arguments: {
    request: optionalArgument("request", "show this one whole: what is asked, and where it is"),
  },
  options: {
    promotion: text("--promotion <id>", "all that one promotion has asked, answered or not"),
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock check todo", "tidelock check todo 3f2a91c07b1e"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    if (args.request !== undefined) {
      const view = await client.call("manualShow", { body: { request: args.request } });
      await printOne(context.terminal, context.format(options), requestCard(view));
      return exit.done;
    }
    const query = options.promotion === undefined ? {} : { promotion: options.promotion };
    const { items } = await client.call("manualList", { query });
    await printList(context.terminal, context.format(options), {
      items,
      columns,
      name: ({ id }) => id,
      empty: "nothing waits for anybody",
    });
    return exit.done;
  },
});
