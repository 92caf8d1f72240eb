import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../../options.ts";
import { printList } from "../../../output/print.ts";
import { when } from "../../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  details:
    "Public halves only. The private ones are sealed, or given to the server from outside. `in notes` is the id under\n" +
    "which a log key's signatures stand in checkpoints, receipts and verifier keys.",
  async run(context, { options }) {
    const { keys } = await context.connect(options).call("ledgerStatus", {});
    await printList(context.terminal, context.format(options), {
      items: keys,
      columns: [
        { title: "id", value: (key) => key.id },
        { title: "in notes", value: (key) => key.noteId ?? "-" },
        { title: "use", value: (key) => key.use },
        { title: "state", value: (key) => key.state },
        { title: "since", wide: true, value: (key) => when(key.addedAt) },
        { title: "signs until", value: (key) => (key.signsUntil ? when(key.signsUntil) : "-") },
        { title: "kept", wide: true, value: (key) => key.kept },
        { title: "key", wide: true, value: (key) => key.key.replaceAll("\n", " ").trim() },
      ],
      name: (key) => key.id,
      empty: "the ledger has no keys yet",
    });
    return exit.done;
  },
});
