import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  details: "Exit code 1 when the server does not answer, its agent is gone, or it is read-only.",
  async run(context, { options }) {
    const info = await context.connect(options).call("serverInfo", {});
    const { agent } = info;
    await printOne(context.terminal, context.format(options), {
      item: info,
      name: info.url,
      lines: [
        ["server", `${info.url} (tidelock ${info.version})`],
        ["started", when(info.startedAt)],
        ["data directory", info.dataDir],
        ["database", info.database],
        ["agent", agent.connected ? "connected" : "does not answer"],
        ["isolation", agent.isolation],
        ["because", agent.reason],
        ["read-only", info.readOnly],
      ],
    });
    if (info.readOnly !== null) {
      context.terminal.note(
        "this server is read-only, and what it shows may be older than what runs: `tidelock ledger status` says more",
      );
    }
    return agent.connected && info.readOnly === null ? exit.done : exit.failed;
  },
});
