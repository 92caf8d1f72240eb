import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import { apiDescriptions, initFile } from "../../pipeline-file/init.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { flag, optionalArgument } from "../options.ts";
import { projectFileName } from "../project-file.ts";
import { clean } from "../terminal.ts";

export const command = defineCommand({
  arguments: { folder: optionalArgument("folder", "the service's folder (default: this one)") },
  options: { print: flag("--print", "write to standard output instead of the file") },
  details: "Overwrites nothing. The file has comments for everything that can be changed.",
  async run(context, { args, options }) {
    const folder = resolve(context.folder, args.folder ?? ".");
    const text = initFile({
      folder: basename(folder),
      packageJson: packageJson(folder),
      apiDescription: apiDescriptions.find((path) => existsSync(join(folder, path))) ?? null,
    });
    if (options.print) {
      context.terminal.stdout.write(text);
      return exit.done;
    }
    const path = join(folder, projectFileName);
    try {
      writeFileSync(path, text, { flag: "wx" });
    } catch (error) {
      const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
      throw new TidelockError(
        exists ? "conflict" : "invalid-input",
        exists ? "there is a pipeline file already" : "the pipeline file cannot be written",
        {
          fault: "operator",
          where: path,
          ...(exists ? { hint: "`tidelock init --print` shows what would be written" } : {}),
          cause: error,
        },
      );
    }
    context.terminal.print(clean(path));
    context.terminal.note(
      "next: read it, then `tidelock pipeline validate`, `tidelock server start`, `tidelock pipeline apply`",
    );
    return exit.done;
  },
});

function packageJson(folder: string): string | null {
  try {
    return readFileSync(join(folder, "package.json"), "utf8");
  } catch {
    return null;
  }
}
