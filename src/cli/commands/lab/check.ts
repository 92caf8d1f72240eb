import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { LabHome } from "../../lab/home.ts";
import { printJudged } from "../../lab/print.ts";
import { checkLab } from "../../lab/run-lab.ts";
import { argument, flag, outputOption } from "../../options.ts";

export const command = defineCommand({
  arguments: { lab: argument("lab", "one that was run with --keep") },
  options: {
    end: flag("--end", "then stop it and remove its folder"),
    ...outputOption,
  },
  details: "Whether the challenge of a lab that was kept is solved: 0 when it is, 1 when not yet.",
  examples: ["tidelock lab check idle-colour --end"],
  async run(context, { args, options }) {
    const outcome = await checkLab(args.lab);
    if (outcome === null) {
      throw new TidelockError("not-found", `no lab ${args.lab} is kept on this machine`, {
        fault: "operator",
        where: args.lab,
        hint: `tidelock lab run ${args.lab} --keep`,
      });
    }
    await printJudged(context.terminal, context.format(options), outcome.judged);
    if (options.end) await LabHome.kept(args.lab)?.clear();
    const solved = outcome.judged.length > 0 && outcome.judged.every(({ holds }) => holds);
    return solved ? exit.done : exit.failed;
  },
});
