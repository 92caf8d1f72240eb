import { chmod, mkdir } from "node:fs/promises";
import type { Layout } from "../../model/layout.ts";

/** Others may pass through on their way to a folder of theirs, but see nothing. */
const passThrough = 0o711;
const privateFolder = 0o700;

/** Makes the data directory's folders, each as closed as it can be. `separate`: other users must pass. */
export async function prepareFolders(paths: Layout, separate: boolean): Promise<void> {
  const open = separate ? passThrough : privateFolder;
  for (const folder of [paths.root, ...shared(paths)]) await ensureFolder(folder, open);
  for (const folder of closedFolders(paths)) await ensureFolder(folder, privateFolder);
}

/** Folders that no service and no check may look into. */
export function closedFolders(paths: Layout): readonly string[] {
  return [paths.agent, paths.logs, paths.server, paths.blobs];
}

function shared(paths: Layout): readonly string[] {
  return [paths.releases, paths.slots, paths.state, paths.checks, paths.runtime];
}

async function ensureFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
}
