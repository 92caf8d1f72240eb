import { type FileHandle, open } from "node:fs/promises";
import { maxFrameBytes } from "../../ports/host-agent.ts";
import { errorCode } from "../os/durable.ts";
import type { RunFiles } from "./run-files.ts";

/** Output in one answer, of each stream. Bytes. */
const shownBytes = 1536 * 1024;
const frameMargin = 64 * 1024;

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  /** Whether something is missing of what was kept. */
  readonly cut: boolean;
}

/** What was written, as far as it fits into one frame once it is escaped as JSON. */
export async function readOutput(files: RunFiles): Promise<Output> {
  for (let limit = shownBytes; ; limit = Math.floor(limit / 2)) {
    const [stdout, stderr] = [await head(files.stdout, limit), await head(files.stderr, limit)];
    const output = { stdout: stdout.text, stderr: stderr.text, cut: stdout.cut || stderr.cut };
    if (Buffer.byteLength(JSON.stringify(output)) < maxFrameBytes - frameMargin) return output;
  }
}

async function head(path: string, limit: number): Promise<{ text: string; cut: boolean }> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { text: "", cut: false };
    throw error;
  }
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, limit));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return { text: buffer.subarray(0, bytesRead).toString("utf8"), cut: size > limit };
  } finally {
    await file.close();
  }
}
