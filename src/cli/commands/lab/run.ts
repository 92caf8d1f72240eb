import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { readLab } from "../../lab/definition.ts";
import { printJudged } from "../../lab/print.ts";
import { runLab } from "../../lab/run-lab.ts";
import { argument, flag, outputOption } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { lab: argument("lab", "its name, as `tidelock lab list` shows it") },
  options: {
    keep: flag("--keep", "leave everything running, for `tidelock lab check`"),
    ...outputOption,
  },
  details:
    "Starts a server with a data directory of its own, plays the lab on it and takes everything away again. Ends with 0 when every assertion holds, with 1 when one does not.",
  examples: ["tidelock lab run idle-colour", "tidelock lab run idle-colour --keep"],
  async run(context, { args, options }) {
    const { terminal } = context;
    const lab = readLab(args.lab);
    terminal.note(lab.title);
    const { judged, folder } = await runLab(args.lab, {
      keep: options.keep,
      signal: context.signal,
      tell: (line) => terminal.note(clean(line)),
    });
    await printJudged(terminal, context.format(options), judged);
    if (options.keep) {
      terminal.note(`it goes on in ${folder}; commands reach its server after`);
      terminal.note(`  cd ${folder}/service`);
      terminal.note(
        `  export TIDELOCK_DATA_DIR=${folder}/data TIDELOCK_CONFIG=${folder}/config.json`,
      );
      if (lab.challenge !== undefined) terminal.note(`your turn: ${lab.challenge.task}`);
      terminal.note(`tidelock lab check ${args.lab} --end takes it away`);
    }
    return judged.every(({ holds }) => holds) ? exit.done : exit.failed;
  },
});
