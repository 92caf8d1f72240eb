import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { releaseReference } from "../../release-reference.ts";
import { releaseCard } from "../../release-text.ts";

export const command = defineCommand({
  arguments: { release: argument("release", "shop@1.4.2, or shop@ and the beginning of an id") },
  options: { ...connectionOptions, ...outputOption },
  async run(context, { args, options }) {
    const client = context.connect(options);
    const params = await releaseReference(context, args.release, options);
    const release = await client.call("releaseShow", { params });
    await printOne(context.terminal, context.format(options), releaseCard(release));
    return exit.done;
  },
});
