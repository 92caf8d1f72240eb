import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, chown, lstat, mkdir, readFile, readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Layout, slotDirectory } from "../../model/layout.ts";
import type { Slot } from "../../model/primitives.ts";
import { errorCode, writeDurably } from "../os/durable.ts";
import { removeTree } from "../../tree/remove-tree.ts";
import { unmountDisk } from "../faults/disk.ts";
import { Entries } from "./spec.ts";
import { fillIn, type StandIns } from "./stand-ins.ts";

/**
 * Folders of one deployment on one slot, below `slots/<service>/<environment>/<colour>/`:
 *
 *   <generation>/              root, group of the slot's user: pass through    0710
 *     entries.json             every entry; the agent's own                    0600
 *     config/<KEY>             when delivered as files; the user's own         0600
 *     home/<process>-<n>/      and tmp/: the user's own, empty at each start    0700
 *     state/<process>/         kept data of an isolated deployment             0700
 */
export interface DeploymentFolders {
  readonly root: string;
  readonly entries: string;
  readonly config: string;
  readonly home: string;
  readonly tmp: string;
  readonly state: string;
}

export function deploymentFolders(
  paths: Layout,
  slot: Slot,
  generation: string,
): DeploymentFolders {
  const name = createHash("sha256").update(generation).digest("hex").slice(0, 16);
  return foldersAt(join(slotDirectory(paths, slot), name));
}

function foldersAt(root: string): DeploymentFolders {
  return {
    root,
    entries: join(root, "entries.json"),
    config: join(root, "config"),
    home: join(root, "home"),
    tmp: join(root, "tmp"),
    state: join(root, "state"),
  };
}

/** Entries as they were given, and what stands for the placeholders in them. */
export interface Delivered {
  readonly entries: Entries;
  readonly standIns: StandIns;
}

/** Writes what a deployment is given, before anything of it is on record or running. */
export async function deliver(
  paths: Layout,
  folders: DeploymentFolders,
  { entries, standIns }: Delivered,
  delivery: "files" | "variables",
  user: number | null,
): Promise<void> {
  await removeDeployment(folders);
  await makeWay(paths, dirname(folders.root), user !== null);
  await mkdir(folders.root, { mode: 0o700 });
  for (const folder of parts(folders)) await mkdir(folder, { mode: 0o700 });
  await writeDurably(folders.entries, JSON.stringify(entries));
  if (delivery === "files") {
    for (const [key, value] of Object.entries(entries)) {
      await writeDurably(join(folders.config, key), fillIn(value, standIns));
      if (user !== null) await chown(join(folders.config, key), user, user);
    }
  }
  if (user === null) return;
  // Last: until everything is in place the slot's user cannot even enter.
  for (const folder of parts(folders)) await openTo(folder, user);
  await openTo(folders.root, user);
}

/** The group may pass through and read what is its own; making and removing stays the agent's. */
async function openTo(folder: string, user: number): Promise<void> {
  await chown(folder, 0, user);
  await chmod(folder, 0o750);
}

/** Folders on the way down, which other users may pass through but not list. */
export async function makeWay(paths: Layout, folder: string, separate: boolean): Promise<void> {
  if (folder === paths.slots || folder === paths.state || folder === dirname(folder)) return;
  await makeWay(paths, dirname(folder), separate);
  await mkdir(folder, { recursive: true });
  await chmod(folder, separate ? 0o711 : 0o700);
}

/** What a deployment is given as variables, with addresses in place of placeholders. */
export async function readVariables(
  folders: DeploymentFolders,
  standIns: StandIns,
): Promise<Entries> {
  const entries = Object.entries(await readEntries(folders));
  return Object.fromEntries(entries.map(([key, value]) => [key, fillIn(value, standIns)]));
}

/** As they were given: placeholders are in them. */
export async function readEntries(folders: DeploymentFolders): Promise<Entries> {
  return Entries.parse(JSON.parse(await readFile(folders.entries, "utf8")));
}

/** An empty folder of the user's own, in a folder that is not. */
export async function freshFolder(path: string, user: number | null): Promise<void> {
  await removeUserFolder(path);
  await mkdir(path, { mode: 0o700 });
  if (user !== null) await chown(path, user, user);
}

/**
 * Removes a folder that belongs to a service or a check. Its owner, who may be running, could swap a
 * folder for a link while we walk: so it is emptied with the owner's rights, and what its owner cannot
 * remove either (folders without any mode) by a program that walks by descriptors and follows no link.
 */
export async function removeUserFolder(path: string): Promise<void> {
  const owner = await lstat(path).then(
    (stat) => stat.uid,
    () => null,
  );
  if (owner === null) return;
  if (owner === process.getuid?.()) {
    await removeTree(path);
    return;
  }
  await runRm(path, owner);
  try {
    await rmdir(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    await runRm(path, null);
  }
}

async function runRm(path: string, user: number | null): Promise<void> {
  const rights = user === null ? {} : { uid: user, gid: user };
  const rm = spawn("/bin/rm", ["-rf", "--", path], { ...rights, stdio: "ignore", env: {} });
  await once(rm, "close");
}

/** A folder of the user's own whose content stays. */
export async function keptFolder(path: string, user: number | null): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (user !== null) await chown(path, user, user);
  await chmod(path, 0o700);
}

/** Removes what an isolated deployment has kept; nothing of it may run. */
export async function emptyState({ state }: DeploymentFolders): Promise<void> {
  for (const name of await namesIn(state)) await removeUserFolder(join(state, name));
}

/** Removes one deployment's folders; what belongs to its user with that user's rights. */
export async function removeDeployment(folders: DeploymentFolders): Promise<void> {
  unmountDisk(folders.state);
  for (const folder of [folders.home, folders.tmp, folders.state]) {
    for (const name of await namesIn(folder)) await removeUserFolder(join(folder, name));
  }
  await removeTree(folders.root);
}

/** Removes what other deployments of this slot left; `keep` is the root of the present one, if any. */
export async function removeOtherDeployments(
  paths: Layout,
  slot: Slot,
  keep: string | null,
): Promise<void> {
  const directory = slotDirectory(paths, slot);
  for (const name of await namesIn(directory)) {
    const root = join(directory, name);
    if (root !== keep) await removeDeployment(foldersAt(root));
  }
  if (keep === null) await rm(directory, { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

function parts(folders: DeploymentFolders): readonly string[] {
  return [folders.config, folders.home, folders.tmp, folders.state];
}
