import type { Client } from "../../../../api/client.ts";
import { TidelockError } from "../../../../model/errors.ts";
import { confirm } from "../../../confirm.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions, flag, whole } from "../../../options.ts";
import { clean } from "../../../terminal.ts";

export const command = defineCommand({
  arguments: { key: argument("key", "its id, as `tidelock ledger key list` shows it") },
  options: {
    trusted: whole(
      "--trusted-size <entries>",
      "the last size that others had seen (default: the last that a witness cosigned)",
      { least: 0, most: 999_999_999_999 },
    ),
    yes: flag("-y, --yes", "do not ask"),
    ...connectionOptions,
  },
  details:
    "Somebody else may have the key: it signs nothing from now on, and a new one is made at once. What it signed\n" +
    "counts up to the last size that independent witnesses had seen; behind that, anybody may have written it.",
  async run(context, { args, options }) {
    const client = context.connect(options);
    const key = await keyNamed(client, args.key);
    const question = `Is the key ${key} compromised? It cannot be made good again, and what it signed behind the last size that a witness cosigned counts for nothing.`;
    await confirm(context, question, options.yes);
    const { message } = await client.call("ledgerKeyCompromised", {
      params: { key },
      body: options.trusted === undefined ? {} : { trustedSize: options.trusted },
    });
    context.terminal.note(clean(message));
    return exit.done;
  },
});

/** Before anybody is asked: which key, by its own id or the one that stands in checkpoints. */
async function keyNamed(client: Client, named: string): Promise<string> {
  const { keys } = await client.call("ledgerStatus", {});
  const found = keys.find(({ id, noteId }) => id === named || noteId === named);
  if (found) return found.id;
  throw new TidelockError("not-found", `the ledger has no key ${named}`, {
    fault: "operator",
    where: named,
    hint: "`tidelock ledger key list` shows them: an id has 16 hex digits, or 8 as it stands in checkpoints",
  });
}
