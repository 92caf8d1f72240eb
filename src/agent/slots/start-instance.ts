import { closeSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asTidelockError, TidelockError } from "../../model/errors.ts";
import { type Digest, type Slot, slotKey } from "../../model/primitives.ts";
import { mountDisk, whyNoDisk } from "../faults/disk.ts";
import { type Parts, report } from "../parts.ts";
import { resolveCommand } from "../processes/command.ts";
import { baseEnvironment, serviceEnvironment } from "../processes/environment.ts";
import { wrap } from "../processes/limits.ts";
import type { StartedInstance } from "../processes/instance-host.ts";
import { makeNamespace } from "../processes/namespace.ts";
import { spawnDetached } from "../processes/spawn.ts";
import { type InstanceRecord, type SlotRecord, loopback } from "../state/schema.ts";
import { deploymentFolders, freshFolder, keptFolder, makeWay, readVariables } from "./delivery.ts";
import { standInsOf } from "./stand-ins.ts";

/** Starts one replica from its unpacked release, with fresh private folders and only its own environment. */
export async function startInstance(
  parts: Parts,
  slot: Slot,
  record: Readonly<SlotRecord> | null,
  instance: InstanceRecord,
  port: number | null,
): Promise<StartedInstance> {
  const spec = record?.spec ?? null;
  const process = spec?.processes[instance.process];
  if (spec === null || process === undefined) {
    throw new TidelockError("cancelled", "the deployment was replaced before it started");
  }
  const name = `${instance.process}-${instance.index}`;
  const folders = deploymentFolders(parts.paths, slot, spec.generation);
  const home = join(folders.home, name);
  const temporary = join(folders.tmp, name);
  await freshFolder(home, instance.user);
  await freshFolder(temporary, instance.user);
  const stateDir = process.state ? await stateFolder(parts, record, instance) : null;
  const artifacts = spec.artifacts.map(({ digest }) => parts.artifacts.directory(digest));
  const [cwd] = artifacts;
  if (cwd === undefined) throw new TidelockError("invalid-input", "a release without an artifact");
  for (const { digest } of spec.artifacts) await requireUnpacked(parts, slot, digest);
  const standIns = await standInsOf(parts, slot, spec.generation);
  const env = serviceEnvironment(
    baseEnvironment({ runtime: parts.paths.runtime, home, temporary }),
    {
      slot,
      release: spec.release,
      releaseName: spec.releaseName,
      process: instance.process,
      instance: instance.id,
      agentId: parts.agentId,
      port,
      host: loopback,
      configDir: spec.delivery === "files" ? folders.config : null,
      stateDir,
      artifacts,
      variables: spec.delivery === "variables" ? await readVariables(folders, standIns) : {},
    },
  );
  const [command = "", ...args] = process.command.map((part) =>
    port === null ? part : part.replaceAll("{port}", String(port)),
  );
  const program = resolveCommand(command, cwd, env["PATH"] ?? "");
  const sharing = record?.instances.length ?? 1;
  const become = process.port === "namespace" ? instance.user : null;
  const wrapping = wrap(process.resources, instance.user !== null, sharing, become);
  if (wrapping.notEnforced.length > 0) {
    report(`${instance.id}: this machine does not enforce ${wrapping.notEnforced.join(", ")}`);
  }
  const apart =
    process.port === "namespace" ? await makeNamespace(parts.agentId, instance.id) : null;
  const log = parts.logs.file(slot, name).openForAppend();
  try {
    const spawned = await spawnDetached({
      argv: [...(apart?.enter ?? []), ...wrapping.argv, program, ...args],
      cwd,
      env,
      // Entering a namespace takes root; the wrapping then changes the user.
      user: apart === null ? instance.user : null,
      log,
    });
    return { ...spawned, host: apart?.address ?? loopback };
  } finally {
    closeSync(log);
  }
}

/**
 * A folder that somebody has removed would show only as a program that cannot be started: it is unpacked
 * again from the content store, and where that cannot be, the error says which folder is missing.
 */
async function requireUnpacked(parts: Parts, slot: Slot, digest: Digest): Promise<void> {
  const folder = parts.artifacts.directory(digest);
  if ((await stat(folder).catch(() => null)) !== null) return;
  report(`${slotKey(slot)}: ${folder} is gone; unpacking the release again`);
  try {
    await parts.artifacts.restore(digest);
  } catch (cause) {
    throw new TidelockError("not-found", `the unpacked release was removed: ${folder}`, {
      where: folder,
      hint: `promote the release again; it could not be unpacked here: ${asTidelockError(cause).message}`,
      cause,
    });
  }
}

/** Kept across releases when live; an isolated deployment gets its own, which goes with it (law 10). */
async function stateFolder(
  parts: Parts,
  record: Readonly<SlotRecord> | null,
  instance: InstanceRecord,
): Promise<string | null> {
  if (record === null || record.spec === null) return null;
  const { spec, slot } = record;
  if (spec.bindings === "isolated") {
    const { state } = deploymentFolders(parts.paths, slot, spec.generation);
    await ownDisk(parts, slot, spec.generation, state, instance.user);
    const path = join(state, instance.process);
    await keptFolder(path, instance.user);
    return path;
  }
  const path = join(parts.paths.state, slot.service, slot.environment, instance.process);
  await makeWay(parts.paths, dirname(path), instance.user !== null);
  await keptFolder(path, instance.user);
  return path;
}

/** A disk of its own where one is declared. Where the machine gives none, it runs without, and no fault fills it. */
async function ownDisk(
  parts: Parts,
  slot: Slot,
  generation: string,
  folder: string,
  group: number | null,
): Promise<void> {
  const { disk } = (await parts.faultPoints.read(slot, generation)) ?? { disk: null };
  if (disk === null || whyNoDisk() !== null) return;
  try {
    mountDisk(folder, disk, group);
  } catch (error) {
    report(`${slotKey(slot)}: no disk of its own: ${String(error)}`);
  }
}
