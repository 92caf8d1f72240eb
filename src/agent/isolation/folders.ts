import { chmod, mkdir } from "node:fs/promises";
import type { Layout } from "../../model/layout.ts";

/** Others may pass through on their way to a folder of theirs, but see nothing. */
const passThrough = 0o711;
const privateFolder = 0o700;

/** Makes the data directory's folders, each as closed as it can be. `separate`: other users must pass. */
export async function prepareFolders(paths: Layout, separate: boolean): Promise<void> {
  const open = separate ? passThrough : privateFolder;
  await mkdir(paths.root, { recursive: true });
  for (const folder of [
    paths.root,
    paths.releases,
    paths.slots,
    paths.state,
    paths.checks,
    paths.runtime,
  ]) {
    await ensureFolder(folder, open);
  }
  for (const folder of [paths.agent, paths.logs]) await ensureFolder(folder, privateFolder);
}

async function ensureFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
}
