import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { verifyPack } from "../../audit/verify-pack.ts";
import { TidelockError } from "../../model/errors.ts";
import type { CommandContext } from "../context.ts";
import { exit, type ExitCode } from "../exit-codes.ts";
import { printDocument } from "../output/print.ts";
import { bytesText } from "../output/words.ts";
import { clean } from "../terminal.ts";

/** Writes an exported pack where it was asked for, and says at once if it would not verify. The command's exit code. */
export async function writePack(
  context: CommandContext,
  { name: proposed, zip }: { readonly name: string; readonly zip: Uint8Array },
  options: { readonly file: string | undefined; readonly json: boolean },
): Promise<ExitCode> {
  const file = resolve(context.folder, options.file ?? proposed);
  write(file, zip);
  const { report } = verifyPack(zip, null);
  const { problems, problemCount } = report;
  if (options.json) {
    await printDocument(context.terminal, "json", {
      file,
      bytes: zip.length,
      problemCount,
      problems,
    });
  } else context.terminal.print(clean(file));
  context.terminal.note(
    `${bytesText(zip.length)}; verify it: tidelock audit verify ${clean(file)} --trust trust.json`,
  );
  for (const { where, message } of problems.slice(0, 5)) {
    context.terminal.note(`! the pack does not verify: ${clean(`${where}: ${message}`)}`);
  }
  return problemCount === 0 ? exit.done : exit.verification;
}

function write(file: string, zip: Uint8Array): void {
  try {
    writeFileSync(file, zip);
  } catch (error) {
    throw new TidelockError("invalid-input", "the pack cannot be written there", {
      fault: "operator",
      where: file,
      hint: (error as Error).message,
    });
  }
}
