import { createHmac } from "node:crypto";
import { realpathSync } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { printable } from "../../model/printable.ts";
import type { Result } from "../../ports/host-agent.ts";
import { isAlive } from "../os/identity.ts";
import { readOwn } from "../os/read-own.ts";
import { environmentOf, familyOf, processTable, uidsOf } from "../os/process-table.ts";
import type { Parts } from "../parts.ts";
import type { InstanceRecord } from "../state/schema.ts";
import { type DeploymentFolders, deploymentFolders, readEntries } from "./delivery.ts";
import { ownerOf } from "./owner.ts";
import { fillIn, standInsOf } from "./stand-ins.ts";
import type { SlotRunner } from "./slot.ts";
import type { StoredSpec } from "./spec.ts";

type Manifest = Result<"slot.manifest">;
type Running = Manifest["processes"][number];

/** Enough to see what is wrong; a frame has an end. */
const most = 200;
/** Of a release's tree at most so many entries are looked at for mode and owner; the digest covers all. */
const mostEntries = 200_000;

/**
 * What really is on a colour: the unpacked release with modes and owners, the configuration as it lies there,
 * and every process. Values of the configuration come back only as HMACs under the caller's key.
 */
export async function manifestOf(parts: Parts, runner: SlotRunner, key: string): Promise<Manifest> {
  const spec = runner.record?.spec ?? null;
  const nothing = { artifacts: [], entries: 0, misplaced: [], delivered: [], processes: [] };
  const visible = process.platform === "linux";
  if (spec === null) return { visible, deployed: null, ...nothing };
  const folders = deploymentFolders(parts.paths, runner.slot, spec.generation);
  const records = runner.instances.map(({ record }) => record);
  const files = await releaseFiles(parts, spec);
  const { release, configuration, bindings, generation, delivery } = spec;
  return {
    visible,
    deployed: { release, configuration, bindings, generation, delivery },
    ...files,
    delivered: await deliveredKeys(parts, runner, spec, folders, records, key),
    processes: await runningProcesses(parts, spec, folders, records, key),
  };
}

async function releaseFiles(
  parts: Parts,
  spec: StoredSpec,
): Promise<Pick<Manifest, "artifacts" | "entries" | "misplaced">> {
  const artifacts: Manifest["artifacts"] = [];
  const misplaced: string[] = [];
  let entries = 0;
  for (const { digest } of spec.artifacts) {
    artifacts.push({ digest, change: await parts.artifacts.changeOf(digest) });
    const root = parts.artifacts.directory(digest);
    const todo = [""];
    for (let path = todo.pop(); path !== undefined && entries < mostEntries; path = todo.pop()) {
      const stat = await lstat(join(root, path)).catch(() => null);
      if (stat === null) continue;
      entries += 1;
      const why = complaint(stat);
      if (why !== null && misplaced.length < most)
        misplaced.push(`${printable(path || ".")} ${why}`);
      if (!stat.isDirectory()) continue;
      for (const name of await readdir(join(root, path)).catch(() => []))
        todo.push(join(path, name));
    }
  }
  return { artifacts, entries, misplaced };
}

/** A release is the agent's, and nobody may write it. Links have no mode of their own. */
function complaint(stat: { uid: number; mode: number; isSymbolicLink(): boolean }): string | null {
  if (stat.uid !== process.getuid?.()) return `belongs to user ${stat.uid}`;
  if (stat.isSymbolicLink()) return null;
  if ((stat.mode & 0o222) !== 0) return `may be written (mode ${(stat.mode & 0o7777).toString(8)})`;
  return (stat.mode & 0o7000) === 0 ? null : `has the mode ${(stat.mode & 0o7777).toString(8)}`;
}

function macOf(key: string, name: string, value: string | Buffer): string {
  // The length keeps one key's value from being taken for another's.
  return createHmac("sha256", key).update(`${name.length}:${name}:`).update(value).digest("hex");
}

/** Everything that was delivered, and what lies in its folder besides. */
async function deliveredKeys(
  parts: Parts,
  { slot }: SlotRunner,
  spec: StoredSpec,
  folders: DeploymentFolders,
  records: readonly InstanceRecord[],
  key: string,
): Promise<Manifest["delivered"]> {
  const given = await readEntries(folders).catch(() => ({}));
  const standIns = await standInsOf(parts, slot, spec.generation);
  const user = records[0]?.user ?? process.getuid?.() ?? null;
  const found: Manifest["delivered"] = [];
  for (const [name, value] of Object.entries(given)) {
    const one = { name, mac: macOf(key, name, value) };
    if (spec.delivery === "variables") {
      found.push({ ...one, problem: null });
      continue;
    }
    const path = join(folders.config, name);
    const stat = await lstat(path).catch(() => null);
    const due = Buffer.from(fillIn(value, standIns));
    const content = stat?.isFile() ? await readOwn(path, due.length) : null;
    let problem: string | null = null;
    if (stat === null || !stat.isFile()) problem = "its file is gone";
    else if (content === null || !content.equals(due)) problem = "its file was changed";
    else if ((stat.mode & 0o077) !== 0)
      problem = `others may use its file (mode ${(stat.mode & 0o777).toString(8)})`;
    else if (stat.uid !== user) problem = `its file belongs to user ${stat.uid}`;
    found.push({ ...one, problem });
  }
  for (const name of await readdir(folders.config).catch(() => [])) {
    if (name in given || found.length >= most) continue;
    found.push({ name: printable(name), mac: null, problem: "nobody delivered this file" });
  }
  return found;
}

/** Every process of the colour, those included that left their instance behind. */
async function runningProcesses(
  parts: Parts,
  spec: StoredSpec,
  folders: DeploymentFolders,
  records: readonly InstanceRecord[],
  key: string,
): Promise<Running[]> {
  const table = processTable();
  const found: Running[] = [];
  const seen = new Set<number>();
  const roots = releaseRoots(parts, spec);
  const look = async (pid: number, record: InstanceRecord | null): Promise<void> => {
    if (seen.has(pid) || found.length >= most) return;
    seen.add(pid);
    const uids = uidsOf(pid);
    const program = await programOf(pid, roots, folders, parts);
    // Gone meanwhile: it is no process whose program cannot be read.
    if (uids === null || uidsOf(pid) === null) return;
    const main = record?.identity?.pid === pid;
    const expected = record?.user ?? process.getuid?.() ?? null;
    found.push({
      instance: record && `${record.process}-${record.index}`,
      main,
      pid,
      ...program,
      foreignUser: record !== null && uids.some((uid) => uid !== expected) ? (uids[1] ?? -1) : null,
      variables: main ? variablesOf(pid, key) : null,
    });
  };
  for (const record of records) {
    if (record.identity === null || !isAlive(record.identity)) continue;
    for (const pid of familyOf(record.identity.pid, table)) await look(pid, record);
  }
  const user = spec.bindings === "isolated" ? parts.users.numberOf(ownerOf(spec)) : null;
  if (user !== null) {
    for (const { pid } of table) if (uidsOf(pid)?.includes(user)) await look(pid, null);
  }
  return found;
}

function releaseRoots(parts: Parts, spec: StoredSpec): readonly string[] {
  return spec.artifacts.flatMap(({ digest }) => {
    try {
      return [realpathSync(parts.artifacts.directory(digest))];
    } catch {
      return [];
    }
  });
}

/** Where the program that a process runs lies: what was released, what the machine has, or what it made itself. */
async function programOf(
  pid: number,
  roots: readonly string[],
  folders: DeploymentFolders,
  parts: Parts,
): Promise<Pick<Running, "program" | "from">> {
  const path = await readlink(`/proc/${pid}/exe`).catch(() => null);
  if (path === null) return { program: "", from: "unknown" };
  const gone = path.endsWith(" (deleted)");
  const real = gone ? path.slice(0, -" (deleted)".length) : path;
  const program = printable(basename(real), 100);
  const inside = (folder: string) => real.startsWith(`${folder}/`);
  if (roots.some(inside)) return { program, from: gone ? "removed" : "release" };
  // Tests and small installations keep everything below /tmp, our own Node included.
  const ours = [parts.paths.runtime, dirname(process.execPath)].some(inside);
  const open = [folders.root, parts.paths.state, "/tmp", "/var/tmp", "/dev/shm", "/run"];
  if (!ours && (real.startsWith("/memfd:") || open.some(inside))) {
    return { program, from: "written" };
  }
  return { program, from: gone ? "removed" : "machine" };
}

/** Names of the variables that a process was started with, each with its value's HMAC; null when unreadable. */
function variablesOf(pid: number, key: string): Record<string, string> | null {
  const variables = environmentOf(pid);
  // One that wrote its title over them has none of ours left.
  if (variables === null || !variables.has("TIDELOCK_INSTANCE")) return null;
  return Object.fromEntries(
    [...variables]
      .slice(0, 1_000)
      .map(([name, value]) => [printable(name, 100), macOf(key, name, value)]),
  );
}
