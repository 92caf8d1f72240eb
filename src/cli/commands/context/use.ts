import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { optionalArgument } from "../../options.ts";
import { readUserFile, userFilePath, writeUserFile } from "../../user-file.ts";

export const command = defineCommand({
  arguments: { name: optionalArgument("name", "the context; none: back to the local server") },
  options: {},
  async run(context, { args }) {
    const path = userFilePath(context.environment);
    const { current: _, ...file } = readUserFile(path);
    if (args.name === undefined) {
      writeUserFile(path, file);
      context.terminal.note("no context is current: the local server is used");
      return exit.done;
    }
    if (!Object.hasOwn(file.contexts, args.name)) {
      throw new TidelockError("not-found", `there is no context ${args.name}`, {
        fault: "operator",
        where: path,
        hint: "`tidelock context list` shows what there is; `tidelock context set <name>` makes one",
      });
    }
    writeUserFile(path, { ...file, current: args.name });
    context.terminal.note(`the context is ${args.name}`);
    return exit.done;
  },
});
