import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { findingId } from "../../findings/finding-id.ts";
import { asSeen, seenOption } from "../../findings/seen-option.ts";
import { argument, connectionOptions, flag, text } from "../../options.ts";
import { TidelockError } from "../../../model/errors.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "F-42, or 42") },
  options: {
    to: text("--to <person>", "whose work it is from now on"),
    nobody: flag("--nobody", "take it from whoever has it"),
    note: text("--note <text>", "why, for whoever reads its history"),
    ...seenOption,
    ...connectionOptions,
  },
  examples: ["tidelock findings assign F-42 --to sam@shop.example"],
  async run(context, { args, options }) {
    const id = findingId(args.id);
    const { to, nobody, note } = options;
    if ((to === undefined) !== nobody) {
      throw new TidelockError("invalid-input", "name either --to or --nobody", {
        fault: "operator",
        hint: "--to takes the name of a person",
      });
    }
    await context.connect(options).call("findingAct", {
      params: { id },
      body: {
        act: { kind: "assign", to: to ?? null, ...(note === undefined ? {} : { note }) },
        ...asSeen(options.seen),
      },
    });
    context.terminal.print(`${id} is ${to === undefined ? "nobody's" : `${clean(to)}'s`}`);
    return exit.done;
  },
});
