import { constants } from "node:fs";
import { open } from "node:fs/promises";

/**
 * The content of a regular file that a service may change, up to a limit: it could make it as large as it likes,
 * or put a link or a pipe in its place. Null when it is gone, no file, longer, or grows.
 */
export async function readOwn(path: string, mostBytes: number): Promise<Buffer | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => null);
  if (file === null) return null;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > mostBytes) return null;
    const buffer = Buffer.alloc(stat.size + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
    return null;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
