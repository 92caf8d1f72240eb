import { randomBytes } from "node:crypto";
import { readlinkSync, realpathSync } from "node:fs";
import { TidelockError } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";
import type { IdentityProof } from "../../ports/host-agent.ts";
import { isAlive } from "../os/identity.ts";
import { uidsOf } from "../os/process-table.ts";
import { ownerInFamily } from "../os/sockets.ts";
import type { Parts } from "../parts.ts";
import type { InstanceRecord } from "../state/schema.ts";
import { answersNonce } from "./native-identity.ts";
import { strangersAt } from "./sockets-of.ts";
import type { SlotRunner } from "./slot.ts";
import type { StoredSpec } from "./spec.ts";

type ProvenInstance = IdentityProof["instances"][number];

/**
 * Shows whom a test would test (law 10). `bound`: the release's tree was read again and is what its
 * digest says; every instance is a process that we started (pid and start time), works in that tree, and
 * the listening socket at its port is open in it or in a descendant. `native`: besides, every instance
 * with HTTP answered our nonce with the release's digest.
 */
export async function proveSlot(parts: Parts, runner: SlotRunner): Promise<IdentityProof> {
  const spec = runner.record?.spec ?? null;
  if (spec === null) {
    throw new TidelockError("not-found", "nothing is deployed here", { where: runner.key });
  }
  const change = await firstChange(parts, spec);
  const directory = realDirectory(parts, spec);
  const records = runner.instances.map(({ record }) => record);
  const instances = records.flatMap((record) => proveInstance(record) ?? []);
  const strangers = strangersAt(records);
  const problem = change ?? findProblem(records, instances, directory);
  const base = {
    slot: runner.slot,
    release: spec.release,
    treeVerified: change === null,
    ...(parts.store.current.faults[runner.key]?.ended === null ? { impaired: true } : {}),
    instances,
    strangers: [...strangers],
  };
  if (problem !== null) return { ...base, grade: "none", reason: problem };
  const nonce = randomBytes(16).toString("hex");
  const native = await Promise.all(
    records.map(({ process, host, port }) =>
      port !== null && spec.processes[process]?.ready.kind === "http"
        ? answersNonce(host, port, nonce)
        : Promise.resolve(null),
    ),
  );
  const another = native.find((answer) => answer !== null && answer !== spec.release);
  if (typeof another === "string") {
    const answeredAs = printable(another, 100);
    const reason = `an instance answered our nonce as another release, ${answeredAs}`;
    return { ...base, grade: "none", answeredAs, reason };
  }
  return native.length > 0 && native.every((answer) => answer === spec.release)
    ? { ...base, grade: "native", reason: "every instance answered with the nonce and the release" }
    : {
        ...base,
        grade: "bound",
        reason: "every listening socket is held by the release's process",
      };
}

async function firstChange(parts: Parts, spec: StoredSpec): Promise<string | null> {
  for (const { digest } of spec.artifacts) {
    const change = await parts.artifacts.changeOf(digest);
    if (change !== null) return `the release on disk is not what it was: ${change}`;
  }
  return null;
}

function realDirectory(parts: Parts, spec: StoredSpec): string | null {
  try {
    const [first] = spec.artifacts;
    return first === undefined ? null : realpathSync(parts.artifacts.directory(first.digest));
  } catch {
    return null;
  }
}

function proveInstance(record: InstanceRecord): ProvenInstance | null {
  const { id, identity, port } = record;
  if (identity === null || !isAlive(identity)) return null;
  const owner = port === null ? null : ownerInFamily(identity.pid, port);
  return {
    id,
    pid: identity.pid,
    startTime: identity.startTime,
    port,
    socketInode: owner?.inode ?? null,
    ownsSocket: owner !== null,
    workingDirectory: workingDirectory(identity.pid),
    uid: uidsOf(identity.pid)?.[0] ?? -1,
  };
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

/** The first thing that keeps the proof from holding, in words; null when it holds. */
function findProblem(
  records: readonly InstanceRecord[],
  proven: readonly ProvenInstance[],
  directory: string | null,
): string | null {
  if (process.platform !== "linux") {
    return "this system does not show which process holds a socket (no /proc)";
  }
  if (records.length === 0) return "the agent started no process of this release";
  if (proven.length < records.length) {
    return `${proven.length} of ${records.length} instances run`;
  }
  for (const one of proven) {
    if (one.workingDirectory !== directory) {
      return `${one.id} works in ${one.workingDirectory || "an unknown folder"}, not in the release`;
    }
    if (one.port !== null && !one.ownsSocket) {
      return `${one.id} does not hold the listening socket at port ${one.port}`;
    }
  }
  return null;
}
