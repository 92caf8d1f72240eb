import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { logKeysFile } from "../../../audit/log-keys.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import {
  ahead,
  allPaths,
  claimFile,
  readCheckpointNote,
  serverFiles,
  sizeOf,
} from "../../ledger/log-files.ts";
import { argument, connectionOptions } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { folder: argument("folder", "where the files go; made when it is not there") },
  options: { ...connectionOptions },
  details:
    "Plain files in C2SP tlog-tiles layout: checkpoint, tile/<level>/…, tile/entries/…. Payloads are not among\n" +
    "them: an entry holds a commitment. keys.json opens the entries about the log's keys, so that a trust root\n" +
    "of before a change of keys is enough. `tidelock ledger verify --dir <folder> --trust trust.json` verifies them.",
  examples: [
    "tidelock ledger export ledger-2026-11",
    "tidelock ledger verify --dir ledger-2026-11",
  ],
  async run(context, { args, options }) {
    const files = serverFiles(context.connect(options));
    const folder = resolve(context.folder, args.folder);
    const note = await readCheckpointNote(files);
    const size = sizeOf(note);
    const paths = allPaths(size);
    for await (const { path, bytes } of ahead(files, paths)) await write(join(folder, path), bytes);
    const keys = await files.read(logKeysFile);
    if (keys) await write(join(folder, logKeysFile), keys);
    const claim = `${JSON.stringify(await files.claimed(), null, 2)}\n`;
    await write(join(folder, claimFile), Buffer.from(claim));
    // Last: a folder with a checkpoint has everything that it speaks of.
    await write(join(folder, "checkpoint"), note);
    context.terminal.print(clean(folder));
    context.terminal.note(`${size} entries in ${paths.length} files`);
    return exit.done;
  },
});

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}
