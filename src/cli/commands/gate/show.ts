import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, serviceOption } from "../../options.ts";
import { printDocument, printList } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { environment: argument("environment", "which environment") },
  options: { ...serviceOption, ...connectionOptions, ...outputOption },
  details:
    "`floor`: the environment's owners ask it of everybody; `pipeline`: the service's own file; `preset`: it follows from\n" +
    "the preset. Without --service: what every service meets there.",
  examples: ["tidelock gate show production", "tidelock gate show production --service shop"],
  async run(context, { args, options }) {
    const { service } = options;
    const view = await context.connect(options).call("gateShow", {
      params: { environment: args.environment },
      query: service === undefined ? {} : { service },
    });
    const format = context.format(options);
    if (format === "json" || format === "yaml") {
      await printDocument(context.terminal, format, view);
      return exit.done;
    }
    await printList(context.terminal, format, {
      items: view.demands,
      columns: [
        { title: "asks", value: ({ what }) => what },
        { title: "name", value: ({ name }) => name ?? "-" },
        { title: "from", value: ({ from }) => from },
        { title: "what", value: ({ text }) => text },
      ],
      name: ({ what, name }) => (name === null ? what : `${what}/${name}`),
      empty: "nothing is asked there",
    });
    return exit.done;
  },
});
