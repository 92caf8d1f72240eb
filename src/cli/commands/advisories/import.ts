import { join, resolve } from "node:path";
import { checkDataFolder, writeLocally } from "../../../compose-local.ts";
import { importAdvisories } from "../../../intake/advisories/import-advisories.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { anyArguments, argument, text } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {
    source: argument("source", "an all.zip of osv.dev, or a folder or file of OSV records (JSON)"),
    more: anyArguments("more", "further ones: what is imported replaces all that was there"),
  },
  options: {
    asOf: text("--as-of <date>", "how old they are; otherwise the date of the newest counts"),
    fewerBecause: text("--fewer-because <reason>", "why fewer than there are now are right"),
    dataDir: text("--data-dir <folder>", "where everything is kept (TIDELOCK_DATA_DIR)"),
  },
  details:
    "For the check `advisories`, which asks nobody outside: run it on the server's machine, again whenever newer\n" +
    "ones should count. Withdrawn records are left out. Nothing changes until everything was read.",
  examples: [
    "tidelock advisories import npm-all.zip",
    "tidelock advisories import npm-all.zip pypi-all.zip --as-of 2026-11-20",
  ],
  async run(context, { args, options }) {
    const asOf = options.asOf === undefined ? undefined : new Date(options.asOf);
    if (asOf !== undefined && Number.isNaN(asOf.getTime())) {
      throw new TidelockError("invalid-input", `${options.asOf} is no date`, {
        fault: "operator",
        where: "--as-of",
        hint: "write 2026-11-20 or 2026-11-20T08:00:00Z",
      });
    }
    const dataDir = context.settings({ dataDir: options.dataDir }).dataDir.value;
    const { snapshot, records, unreadable } = await importAdvisories({
      folder: join(checkDataFolder(dataDir), "advisories"),
      sources: [args.source, ...args.more].map((source) => resolve(source)),
      write: writeLocally,
      ...(asOf === undefined ? {} : { asOf }),
      ...(options.fewerBecause === undefined ? {} : { fewer: options.fewerBecause }),
    });
    const each = Object.entries(snapshot.ecosystems)
      .sort()
      .map(([name, count]) => `${clean(name)} ${count}`);
    context.terminal.print(
      `${records} advisories as of ${snapshot.asOf.slice(0, 10)}: ${each.join(", ")}; ${snapshot.withdrawn} withdrawn left out`,
    );
    if (unreadable.count > 0) {
      context.terminal.note(
        `${unreadable.count} could not be read, the first: ${clean(unreadable.first ?? "")}`,
      );
    }
    return exit.done;
  },
});
