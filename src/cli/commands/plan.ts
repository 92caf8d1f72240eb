import { defineCommand } from "../define-command.ts";
import { argument, connectionOptions, name, outputOption, required } from "../options.ts";
import { showPlan } from "../plan.ts";
import { releaseReference } from "../release-reference.ts";

export const command = defineCommand({
  arguments: { release: argument("release", "shop@1.4.2, or 1.4.2 beside a tidelock.yaml") },
  options: {
    to: required(name("--to <environment>", "where it would go")),
    ...connectionOptions,
    ...outputOption,
  },
  details: "Changes nothing. Exit code 3 when a gate would deny it, 5 when it would have to wait.",
  examples: ["tidelock plan shop@1.4.2 --to production"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const reference = await releaseReference(context, args.release, options);
    const view = await client.call("plan", { body: { ...reference, environment: options.to } });
    return showPlan(context.terminal, context.format(options), view);
  },
});
