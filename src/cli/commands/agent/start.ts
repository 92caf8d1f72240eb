import { extname } from "node:path";
import { findAgent, prepareLogs } from "../../../compose-local.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import type { ExitCode } from "../../exit-codes.ts";
import { text } from "../../options.ts";

export const command = defineCommand({
  arguments: {},
  options: { dataDir: text("--data-dir <folder>", "where everything is kept (TIDELOCK_DATA_DIR)") },
  details:
    "In the foreground, for a supervisor such as systemd that keeps it apart from the server; otherwise the server starts one by itself. SIGTERM ends the agent alone: services and traffic go on, and the next agent adopts them.",
  async run(context, { options }) {
    const dataDir = context.settings({ dataDir: options.dataDir }).dataDir.value;
    const running = await findAgent(dataDir);
    if (running !== null) {
      throw new TidelockError("conflict", "the agent of this data directory already runs", {
        fault: "operator",
        where: `pid ${running.pid}`,
        hint: "one agent a data directory; `tidelock doctor` shows it",
      });
    }
    await prepareLogs(dataDir);
    // The agent is another program: the command line knows it only by its file, and hands it words.
    process.argv.splice(2, process.argv.length, "--data-dir", dataDir);
    await import(new URL(`../../../agent/main${extname(import.meta.url)}`, import.meta.url).href);
    return new Promise<ExitCode>(() => undefined);
  },
});
