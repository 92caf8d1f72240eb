import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag, text } from "../../options.ts";
import { printDocument } from "../../output/print.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { entry: argument("entry", "its index in the log, or its operation") },
  options: {
    file: text("-o, --output-file <file>", "the receipt (default: entry-<index>.tlog-proof)"),
    opening: flag("--opening", "print what the entry says, with the salt that opens it"),
    ...connectionOptions,
  },
  details:
    "Writes a receipt for offline verification (C2SP tlog-proof): that the entry stands in the tree that the\n" +
    "checkpoint signs. The entry's exact bytes go into a second file beside it, ending in .leaf.json.",
  examples: ["tidelock ledger proof 42", "tidelock ledger proof p4k2m8x1q7v/12"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const proof = await client.call("ledgerProof", { query: { entry: args.entry } });
    const file = resolve(context.folder, options.file ?? `entry-${proof.index}.tlog-proof`);
    write(file, proof.receipt);
    write(`${file.replace(/\.tlog-proof$/, "")}.leaf.json`, Buffer.from(proof.leaf, "base64"));
    context.terminal.print(clean(file));
    const { kind, stream, sequence, time } = proof.entry;
    context.terminal.note(
      `entry ${proof.index}: ${clean(kind)}, ${clean(stream)} ${sequence}, ${clean(time)}`,
    );
    if (options.opening) {
      if (proof.opening) await printDocument(context.terminal, "json", proof.opening);
      else context.terminal.note("what it said was erased");
    }
    return exit.done;
  },
});

function write(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw new TidelockError("invalid-input", "the receipt cannot be written there", {
      fault: "operator",
      where: file,
      hint: (error as Error).message,
    });
  }
}
