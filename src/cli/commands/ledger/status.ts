import type { LedgerKeyView } from "../../../api/views/ledger.ts";
import type { AnchorView, WitnessView } from "../../../api/views/outside.ts";
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
        ["signed by", signing.map(keyName).join(", ")],
        ...status.witnesses.map((one) => ["witness", witnessText(one)] as const),
        ...status.anchors.map((one) => ["anchor", anchorText(one)] as const),
        [
          "outside",
          status.witnesses.length + status.anchors.length === 0
            ? "nobody: see `tidelock ledger witness` and `tidelock ledger anchor`"
            : null,
        ],
        ["read-only", status.behind],
        ["gates closed", status.trouble],
      ],
    });
    return status.trouble === null ? exit.done : exit.failed;
  },
});

/** As `ledger key list` names it, and as a checkpoint does. */
function keyName({ id, noteId }: LedgerKeyView): string {
  return noteId === null ? id : `${id} (in checkpoints ${noteId})`;
}

function witnessText({ name, operator, cosigned, lastAnswer }: WitnessView): string {
  const reached = cosigned ? `cosigned ${cosigned.size}, ${when(cosigned.at)}` : "cosigned nothing";
  return `${name} (${operator}): ${reached}${answerText(lastAnswer)}`;
}

function anchorText({ name, anchored, lastAnswer }: AnchorView): string {
  const reached = anchored ? `has ${anchored.size}, ${when(anchored.at)}` : "has nothing yet";
  return `${name}: ${reached}${answerText(lastAnswer)}`;
}

function answerText(answer: WitnessView["lastAnswer"]): string {
  if (answer === null) return "; not asked since the server started";
  return answer.trouble === null ? "" : `; ${when(answer.at)}: ${answer.trouble}`;
}
