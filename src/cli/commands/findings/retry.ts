import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { importCard } from "../../findings/import-card.ts";
import { argument, connectionOptions, outputOption, serviceOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { run: argument("run", "the run of the check, as `findings imports` names it") },
  options: { ...serviceOption, ...connectionOptions, ...outputOption },
  details:
    "For a report of Tidelock's own scan that could not be taken in and rests, or was given up: `findings imports` names\n" +
    "those and why. Repair that first, for example room on the disk.",
  examples: ["tidelock findings retry psmxyrt8gj6/3/sast/1 --service shop"],
  async run(context, { args, options }) {
    const { value: service } = await context.service(options.service, options);
    const view = await context.connect(options).call("findingRetry", {
      params: { service },
      body: { run: args.run },
    });
    await printOne(context.terminal, context.format(options), importCard(view));
    return exit.done;
  },
});
