import { copyFile, constants, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Puts our own Node where services find it on their PATH as `node`. A link does when every user may reach
 * the real file; a copy is made when it lies below a closed folder (a version manager in somebody's home).
 */
export async function provideRuntime(
  folder: string,
  separate: boolean,
  executable: string = process.execPath,
): Promise<void> {
  const wanted = join(folder, "node");
  const temporary = `${wanted}.tl-tmp-new`;
  await rm(temporary, { force: true });
  if (!separate || (await isReachable(executable))) {
    await symlink(executable, temporary);
  } else {
    if (await sameFile(wanted, executable)) return;
    await copyFile(executable, temporary, constants.COPYFILE_FICLONE);
  }
  // In one step: a service that starts at this moment finds the old one or the new one.
  await rename(temporary, wanted);
}

/** Whether any user may execute the file, by the modes of it and of every folder above it. */
export async function isReachable(file: string): Promise<boolean> {
  if (((await stat(file)).mode & 0o005) !== 0o005) return false;
  return isPassable(dirname(file));
}

/** Whether any user may pass through a folder and all those above it. */
export async function isPassable(folder: string): Promise<boolean> {
  return (await firstClosed(folder)) === null;
}

/** The first folder on the way up that other users may not pass through; null when there is none. */
export async function firstClosed(folder: string): Promise<string | null> {
  const above = dirname(folder);
  const closed = above === folder ? null : await firstClosed(above);
  if (closed !== null) return closed;
  return ((await stat(folder)).mode & 0o001) === 0 ? folder : null;
}

async function sameFile(copy: string, original: string): Promise<boolean> {
  try {
    const [one, other] = [await stat(copy), await stat(original)];
    return one.isFile() && one.size === other.size && one.mtimeMs >= other.mtimeMs;
  } catch {
    return false;
  }
}
