import { isDataDir, removeDataDir } from "../../compose-local.ts";
import { TidelockError } from "../../model/errors.ts";
import { confirm } from "../confirm.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { flag, text } from "../options.ts";
import { clean } from "../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    yes: flag("-y, --yes", "do not ask"),
    dataDir: text("--data-dir <folder>", "which one (TIDELOCK_DATA_DIR)"),
  },
  details:
    "Removes the data directory: database, releases, logs, keys and the record of everything. Refused while anything runs; `tidelock down` first. The program itself is removed by npm.",
  async run(context, { options }) {
    const dataDir = context.settings({ dataDir: options.dataDir }).dataDir.value;
    if (!isDataDir(dataDir)) {
      throw new TidelockError("not-found", "there is no data directory of Tidelock", {
        fault: "operator",
        where: dataDir,
        hint: "name another with --data-dir; nothing was removed",
      });
    }
    await confirm(
      context,
      `Remove ${dataDir} with its database, releases and the whole record? It cannot be undone.`,
      options.yes,
    );
    const left = await removeDataDir(dataDir);
    context.terminal.note(`removed ${clean(dataDir)}`);
    if (left.length > 0) {
      context.terminal.note(
        `not ours, left where it is: ${left.map((name) => clean(name)).join(", ")}`,
      );
    }
    return exit.done;
  },
});
