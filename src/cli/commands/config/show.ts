import { configurationCard } from "../../configuration.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { laneOf, laneOptions } from "../../lane-options.ts";
import { connectionOptions, outputOption, whole } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    ...laneOptions,
    version: whole("--version <n>", "an older version", { least: 1, most: 1_000_000_000 }),
    ...connectionOptions,
    ...outputOption,
  },
  async run(context, { options }) {
    const client = context.connect(options);
    const view = await client.call("configurationShow", {
      params: await laneOf(context, options),
      query: { version: options.version },
    });
    await printOne(context.terminal, context.format(options), configurationCard(view));
    return exit.done;
  },
});
