import { type FileHandle, open } from "node:fs/promises";
import { maxFrameBytes } from "../../ports/host-agent.ts";
import { errorCode } from "../os/durable.ts";
import type { RunFiles } from "./run-files.ts";

/** Output in one answer, of each stream. Bytes. */
const shownBytes = 1536 * 1024;
const frameMargin = 64 * 1024;
/** Of one page: as base64 it fits into a frame. Bytes. */
const pageBytes = 2 * 1024 * 1024;

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  /** Whether something is missing of what was kept. */
  readonly cut: boolean;
  /** In the two files together. */
  readonly bytes: number;
}

/** What was written, as far as it fits into one frame once it is escaped as JSON. */
export async function readOutput(files: RunFiles): Promise<Output> {
  for (let limit = shownBytes; ; limit = Math.floor(limit / 2)) {
    const [stdout, stderr] = [await head(files.stdout, limit), await head(files.stderr, limit)];
    const output = { stdout: stdout.text, stderr: stderr.text, cut: stdout.cut || stderr.cut };
    if (Buffer.byteLength(JSON.stringify(output)) < maxFrameBytes - frameMargin) {
      return { ...output, bytes: stdout.bytes + stderr.bytes };
    }
  }
}

/** From a byte on; empty at the end, null where there is no such file. */
export async function readPage(path: string, offset: number): Promise<Buffer | null> {
  return withFile(path, (file) => part(file, offset, pageBytes));
}

async function head(
  path: string,
  limit: number,
): Promise<{ text: string; cut: boolean; bytes: number }> {
  const read = await withFile(path, async (file) => {
    const { size } = await file.stat();
    const bytes = await part(file, 0, Math.min(size, limit));
    return { text: bytes.toString("utf8"), cut: size > limit, bytes: size };
  });
  return read ?? { text: "", cut: false, bytes: 0 };
}

async function part(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T | null> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
