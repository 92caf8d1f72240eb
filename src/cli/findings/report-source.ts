import { createReadStream, statSync } from "node:fs";
import { resolve } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import type { CommandContext } from "../context.ts";
import { clean } from "../terminal.ts";
import { transferProgress, type TransferProgress } from "../transfer-progress.ts";

/** Where a report comes from: a file, or `-` for standard input. */
export interface ReportSource {
  /** For errors: the path as it was given, or `standard input`. */
  readonly name: string;
  /** Bytes; undefined of standard input. */
  readonly size: number | undefined;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Wipes what stands on the terminal of the progress. */
  end(): void;
}

/** Opens nothing yet but looks at what is there. Throws `invalid-input` for what is no file. */
export function reportSource(context: CommandContext, given: string): ReportSource {
  const progress = transferProgress(context.terminal);
  const end = (): void => progress.end();
  if (given === "-") {
    if (context.terminal.stdin.isTTY) {
      context.terminal.note("reading the report from the keyboard; end it with Ctrl-D");
    }
    const bytes = counted(context.terminal.stdin as AsyncIterable<Uint8Array>, undefined, progress);
    return { name: "standard input", size: undefined, bytes, end };
  }
  const path = resolve(context.folder, given);
  const size = sizeOf(path, given);
  const stream = createReadStream(path, { highWaterMark: 256 * 1024 });
  return { name: given, size, bytes: counted(stream, size, progress), end };
}

function sizeOf(path: string, given: string): number | undefined {
  let reason = "it is no file";
  try {
    const found = statSync(path);
    if (found.isFile()) return found.size;
    // What a shell hands over in place of a file, when a command's output is meant.
    if (found.isFIFO()) return undefined;
    if (found.isDirectory()) reason = "it is a folder";
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    reason = code === "ENOENT" ? "there is no such file" : (error as Error).message;
  }
  throw new TidelockError("invalid-input", `the report cannot be read: ${clean(reason)}`, {
    fault: "operator",
    where: given,
    hint: "name one file that a scanner wrote, or - for standard input",
  });
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  size: number | undefined,
  progress: TransferProgress,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of source) {
    sent += chunk.length;
    if (size !== undefined) progress.bytes("sending", sent, size);
    yield chunk;
  }
  progress.phase("sent; the server reads it");
}
