import { readVariable } from "../../environment.ts";
import { confirm } from "../../confirm.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { flag, text } from "../../options.ts";
import { recoverAccess } from "../../start-server.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    yes: flag("-y, --yes", "do not ask"),
    dataDir: text("--data-dir <folder>", "where everything is kept (TIDELOCK_DATA_DIR)"),
  },
  details:
    "For whoever owns the machine, when nobody can sign in any more: prints a link that makes an administrator, good once and for an hour. Works with and without a running server, on the data directory and its database (or DATABASE_URL). The ledger says that it happened.",
  async run(context, { options }) {
    const dataDir = context.settings({ dataDir: options.dataDir }).dataDir.value;
    const question = `Make a link for another administrator of ${dataDir}? Everybody will see that you did.`;
    await confirm(context, question, options.yes);
    const { secret, url } = await recoverAccess(
      dataDir,
      readVariable("DATABASE_URL", context.environment),
      (message) => context.terminal.note(clean(message)),
    );
    context.terminal.print(`${url ?? "http://localhost:7420"}/welcome#${secret}`);
    context.terminal.note(
      url === null ? "no server runs here: start one, and open the link there" : "good once, for an hour", // prettier-ignore
    );
    return exit.done;
  },
});
