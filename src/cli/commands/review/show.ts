import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { releaseReference } from "../../release-reference.ts";
import { reviewCard } from "../../review-card.ts";

export const command = defineCommand({
  arguments: { release: argument("release", "shop@1.4.2, or shop@ and the beginning of an id") },
  options: {
    env: required(text("--env <name>", "the environment whose owners name the git host")),
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock review show shop@1.4.2 --env production"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const params = await releaseReference(context, args.release, options);
    const view = await client.call("hostReviewShow", {
      params,
      query: { environment: options.env },
    });
    await printOne(context.terminal, context.format(options), reviewCard(view));
    return exit.done;
  },
});
