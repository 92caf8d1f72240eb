import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, name, optionalArgument, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: { environment: optionalArgument("environment", "only this one") },
  options: {
    service: name("--service <name>", "as it is for this service"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "A service has a line of its own where it narrows what the environment's owners leave open, or is stopped.",
  examples: ["tidelock window list", "tidelock window list production --service shop -o wide"],
  async run(context, { args, options }) {
    const { items } = await context.connect(options).call("windowList", {
      query: { environment: args.environment, service: options.service },
    });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "environment", value: ({ environment }) => environment },
        { title: "service", value: ({ service }) => service ?? "(every one)" },
        { title: "now", value: ({ open }) => (open ? "open" : "closed") },
        { title: "until", value: ({ until }) => when(until) },
        { title: "why", value: ({ because }) => because.join("; ") || "-" },
        { title: "windows", wide: true, value: ({ windows }) => windows.join("; ") || "-" },
        { title: "freezes", wide: true, value: ({ freezes }) => freezes.join("; ") || "-" },
      ],
      name: ({ environment, service }) => `${service ?? "*"}/${environment}`,
      empty: "no such environment is registered",
    });
    return exit.done;
  },
});
