import { checkDataFolder } from "../../../compose-local.ts";
import { readSnapshot } from "../../../intake/advisories/read-snapshot.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { outputOption, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    dataDir: text("--data-dir <folder>", "where everything is kept (TIDELOCK_DATA_DIR)"),
    ...outputOption,
  },
  async run(context, { options }) {
    const dataDir = context.settings({ dataDir: options.dataDir }).dataDir.value;
    const snapshot = readSnapshot(checkDataFolder(dataDir));
    if (snapshot === null) {
      throw new TidelockError("not-found", "no advisories were imported", {
        fault: "operator",
        where: dataDir,
        hint: "tidelock advisories import <all.zip of osv.dev, a folder or a file>",
      });
    }
    await printOne(context.terminal, context.format(options), {
      item: snapshot,
      name: snapshot.digest,
      lines: [
        ["as of", snapshot.asOf],
        ["imported", snapshot.importedAt],
        ["digest", snapshot.digest],
        ...Object.entries(snapshot.ecosystems)
          .sort()
          .map(([name, count]) => [name, String(count)] as const),
      ],
    });
    return exit.done;
  },
});
