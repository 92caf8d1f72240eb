import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const status = await context.connect(options).call("ledgerStatus", {});
    const { checkpoint, waiting, rejected, keys } = status;
    const signing = keys.filter(({ use, state }) => use === "log" && /active|ending/.test(state));
    await printOne(context.terminal, context.format(options), {
      item: status,
      name: status.origin,
      lines: [
        ["origin", status.origin],
        ["entries", String(status.size)],
        ["root", status.root],
        ["last entry", status.lastTime && when(status.lastTime)],
        ["checkpoint", checkpoint ? `size ${checkpoint.size}, ${when(checkpoint.at)}` : "none yet"],
        [
          "waiting",
          waiting.entries === 0
            ? "nothing"
            : `${waiting.entries} entries, for ${Math.round(waiting.ms)} ms`,
        ],
        [
          "set aside",
          rejected.last === null
            ? null
            : `${rejected.entries} entries by somebody else, the last ${when(rejected.last)}`,
        ],
        ["signed by", signing.map(({ id }) => id).join(", ")],
        ["read-only", status.behind],
        ["gates closed", status.trouble],
      ],
    });
    return status.trouble === null ? exit.done : exit.failed;
  },
});
