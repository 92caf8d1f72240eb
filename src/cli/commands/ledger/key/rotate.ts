import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { choice, connectionOptions, duration } from "../../../options.ts";
import { clean } from "../../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    use: choice("--use <use>", "which key (default: log)", ["log", "evidence"]),
    overlap: duration("--overlap <time>", "how long the old one signs beside it (default: 7d)"),
    ...connectionOptions,
  },
  details:
    "Makes a new key. Both sign for a while, so that auditors can take over the new one from what the old one signed.",
  async run(context, { options }) {
    const { message } = await context.connect(options).call("ledgerKeyRotate", {
      body: {
        use: options.use ?? "log",
        ...(options.overlap === undefined ? {} : { overlapMs: options.overlap }),
      },
    });
    context.terminal.note(clean(message));
    return exit.done;
  },
});
