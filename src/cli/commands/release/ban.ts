import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text, texts } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { releaseReference } from "../../release-reference.ts";
import { stopCard } from "../../stop-card.ts";

export const command = defineCommand({
  arguments: { release: argument("release", "shop@1.4.2, or shop@ and the beginning of an id") },
  options: {
    reason: required(text("--reason <text>", "why; everybody who tries it reads it")),
    artifact: texts("--artifact <name>", "exactly this one, whoever has it; again for more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "What the release is made of goes nowhere any more, forward or back, in any environment and under any version:\n" +
    "any artifact that no release which counts as good has too, and whatever is made of its source revision.\n" +
    "Where it is live it stays until somebody takes it back.",
  examples: ["tidelock release ban shop@1.4.2 --reason 'it deletes carts'"],
  async run(context, { args, options }) {
    const params = await releaseReference(context, args.release, options);
    const view = await context.connect(options).call("releaseBan", {
      params,
      body: {
        reason: options.reason,
        ...(options.artifact.length === 0 ? {} : { artifacts: [...options.artifact] }),
      },
    });
    await printOne(context.terminal, context.format(options), stopCard(view));
    return exit.done;
  },
});
