import { csvLine } from "../../csv.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag, name, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { releaseReference } from "../../release-reference.ts";

export const command = defineCommand({
  arguments: { release: argument("release", "shop@1.4.2, or shop@ and the beginning of an id") },
  options: {
    environment: name("--environment <name>", "only on the way into this one"),
    csv: flag("--csv", "as comma-separated values"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Everybody who had a hand in a release, from each commit since what was live to the promotion: who wrote, pushed, built, handed in, configured, tested, judged, approved and promoted, and whether it is shown that it was them.",
  examples: ["tidelock release chain shop@1.4.2 --environment production"],
  async run(context, { args, options }) {
    const params = await releaseReference(context, args.release, options);
    const view = await context.connect(options).call("releaseChain", { params });
    const items = view.items.flatMap(({ environment, promotion, chain }) =>
      options.environment === undefined || options.environment === environment
        ? chain.map((link) => ({ environment, promotion, ...link }))
        : [],
    );
    if (options.csv) {
      context.terminal.print(csvLine(["environment", "promotion", "stage", "what", "who", "proven", "how"])); // prettier-ignore
      for (const { environment, promotion, stage, what, who, proven, how } of items) {
        const row = [environment, promotion, stage, what, who, proven ? "yes" : "no", how];
        context.terminal.print(csvLine(row));
      }
      return exit.done;
    }
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "into", value: ({ environment }) => environment },
        { title: "stage", value: ({ stage }) => stage },
        { title: "who", value: ({ who }) => who },
        { title: "what", value: ({ what }) => what },
        { title: "proof", value: ({ proven, how }) => (proven ? how : `UNPROVEN: ${how}`) },
      ],
      name: ({ who }) => who,
      empty: "it was not promoted anywhere yet",
    });
    if (view.governance === "solo") {
      context.terminal.note("governance solo: nothing shows that these are different people");
    }
    return exit.done;
  },
});
