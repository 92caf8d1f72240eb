import { closeSync, openSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TidelockError } from "../../model/errors.ts";
import { type FaultAddresses, type FaultPoints as Declared, noFaults } from "../../model/faults.ts";
import type { Layout } from "../../model/layout.ts";
import { type Slot, slotKey } from "../../model/primitives.ts";
import { removeTree } from "../../tree/remove-tree.ts";
import { readJson } from "../checks/run-files.ts";
import type { Users } from "../isolation/users.ts";
import { compileCache } from "../os/compile-cache.ts";
import { writeDurably } from "../os/durable.ts";
import { isAlive } from "../os/identity.ts";
import { killUser } from "../os/process-table.ts";
import { markers } from "../processes/environment.ts";
import type { PortBook } from "../processes/ports.ts";
import { spawnDetached } from "../processes/spawn.ts";
import { killRemains } from "../processes/sweep.ts";
import { report } from "../parts.ts";
import { loopback } from "../state/schema.ts";
import { type PointsFiles, PointsRecord, pointsFiles, pointsId, relayMark } from "./record.ts";
import { orderRelay } from "./relay/order.ts";
import type { RelayOrder, RelaySettings, RelayState } from "./relay/protocol.ts";

/** The program loads its code and binds its ports. Milliseconds. */
const startTimeout = 10_000;
const pollMs = 20;
/** How often is looked whether a relay still runs. Milliseconds. */
const watchMs = 250;

interface PointsOptions {
  readonly paths: Layout;
  readonly agentId: string;
  readonly users: Users;
  readonly ports: PortBook;
}

/**
 * The places at which a colour under test may be injured, as its isolated configuration declares them: a way
 * to each named dependency, through a relay of ours, and a disk of its own. One relay process for each
 * deployment, with ports that stay the same; one that ends is started again without any fault, and the next
 * agent adopts it. A deployment that users meet has none.
 */
export class FaultPoints {
  readonly #options: PointsOptions;
  readonly #folder: string;
  #timer: NodeJS.Timeout | null = null;
  /** Being started or removed: the watch leaves them alone. */
  readonly #busy = new Set<string>();
  #watching = false;

  constructor(options: PointsOptions) {
    this.#options = options;
    this.#folder = join(options.paths.agent, "faults");
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Marks of those that run; whoever carries another one of a relay is a stray. */
  async livingMarks(): Promise<readonly string[]> {
    return (await readdir(this.#folder)).map(relayMark);
  }

  /** Starts again what should run, and removes what belongs to no deployment any more. */
  async restore(deployed: (slot: Slot) => string | null): Promise<void> {
    for (const { files, record } of await this.#all()) {
      if (record === null || deployed(record.slot) !== record.generation) {
        await this.#remove(files, record);
        continue;
      }
      for (const { listen } of record.dependencies) this.#options.ports.note(files.id, listen);
      if (!needsStart(record)) continue;
      // Whatever keeps it must not keep the agent: the watch tries again.
      await this.#start(files, record).catch((error: unknown) =>
        report(`relay of ${slotKey(record.slot)}: ${String(error)}; trying again`),
      );
    }
  }

  start(): void {
    this.#timer = setInterval(() => void this.#watch(), watchMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /**
   * Makes sure that what a deployment declares is there, and says where.
   * @throws TidelockError `unavailable` when its relay does not come up
   */
  async ensure(slot: Slot, generation: string, declared: Declared): Promise<FaultAddresses> {
    if (declared.dependencies.length === 0 && declared.disk === null) return noFaults;
    const files = this.#files(slot, generation);
    const known = await readJson(files.record, PointsRecord);
    if (known !== null) await this.#remove(files, known);
    const { users, ports } = this.#options;
    const record: PointsRecord = {
      slot,
      generation,
      host: loopback,
      dependencies: [],
      disk: declared.disk,
      user: await users.allocate(ownerOf(files.id), "check"),
      identity: null,
    };
    for (const one of declared.dependencies) {
      record.dependencies.push({ ...one, listen: await ports.reserve(files.id, null) });
    }
    await mkdir(files.directory, { recursive: true, mode: 0o700 });
    await this.#start(files, record);
    return addressesOf(record);
  }

  async addresses(slot: Slot, generation: string): Promise<FaultAddresses> {
    const record = await this.read(slot, generation);
    return record === null ? noFaults : addressesOf(record);
  }

  /** What a deployment declared; null when it declared nothing. */
  read(slot: Slot, generation: string): Promise<PointsRecord | null> {
    return readJson(this.#files(slot, generation).record, PointsRecord);
  }

  /** Tells the relay of a deployment; null when there is none or it does not answer. */
  order(slot: Slot, generation: string, order: RelayOrder): Promise<RelayState | null> {
    return orderRelay(this.#files(slot, generation).control, order);
  }

  /** Ends what a slot's other deployments had; `keep` is the present one, if any. */
  async removeOthers(slot: Slot, keep: string | null): Promise<void> {
    for (const { files, record } of await this.#all()) {
      if (record === null || slotKey(record.slot) !== slotKey(slot)) continue;
      if (record.generation !== keep) await this.#remove(files, record);
    }
  }

  /** Starts it anew, in which no fault is. */
  async restart(slot: Slot, generation: string): Promise<void> {
    const files = this.#files(slot, generation);
    const record = await readJson(files.record, PointsRecord);
    if (record !== null) await this.#start(files, record);
  }

  async #start(files: PointsFiles, record: PointsRecord): Promise<void> {
    this.#busy.add(files.id);
    try {
      await this.#spawn(files, record);
    } finally {
      this.#busy.delete(files.id);
    }
  }

  async #spawn(files: PointsFiles, record: PointsRecord): Promise<void> {
    const { agentId, paths } = this.#options;
    killRemains(agentId, relayMark(files.id), record.identity);
    // Before it runs: an agent that is killed here finds by its mark what it started.
    await writeDurably(files.record, JSON.stringify({ ...record, identity: null }));
    if (record.dependencies.length === 0) return;
    const { host, dependencies, user } = record;
    const settings: RelaySettings = { host, dependencies, user, control: files.control };
    const log = openSync(files.log, "a", 0o600);
    try {
      const { child, identity } = await spawnDetached({
        argv: [process.execPath, relayProgram, JSON.stringify(settings)],
        cwd: "/",
        env: {
          ...compileCache(paths),
          [markers.agent]: agentId,
          [markers.instance]: relayMark(files.id),
        },
        user: null,
        log,
      });
      record.identity = identity;
      await writeDurably(files.record, JSON.stringify(record));
      const deadline = performance.now() + startTimeout;
      while ((await orderRelay(files.control, { kind: "read" })) === null) {
        if (child.exitCode !== null || identity === null || performance.now() > deadline) {
          throw new TidelockError("unavailable", "the relay to the dependencies did not come up", {
            where: files.log,
            retryable: true,
          });
        }
        await sleep(pollMs);
      }
    } finally {
      closeSync(log);
    }
  }

  async #remove(files: PointsFiles, record: PointsRecord | null): Promise<void> {
    const { agentId, ports, users } = this.#options;
    this.#busy.add(files.id);
    try {
      killRemains(agentId, relayMark(files.id), record?.identity ?? null);
      const user = users.numberOf(ownerOf(files.id));
      if (user !== null && !killUser(user)) throw new Error(`processes of user ${user} do not end`);
      await users.release(ownerOf(files.id));
      ports.release(files.id);
      await rm(files.control, { force: true });
      await removeTree(files.directory);
    } finally {
      this.#busy.delete(files.id);
    }
  }

  async #watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    try {
      for (const { files, record } of await this.#all()) {
        if (record === null || this.#busy.has(files.id) || !needsStart(record)) continue;
        await this.#start(files, record).catch(() => undefined);
      }
    } finally {
      this.#watching = false;
    }
  }

  #files(slot: Slot, generation: string): PointsFiles {
    return pointsFiles(this.#folder, pointsId(slot, generation));
  }

  async #all(): Promise<
    readonly { readonly files: PointsFiles; readonly record: PointsRecord | null }[]
  > {
    const ids = await readdir(this.#folder);
    return Promise.all(
      ids.map(async (id) => {
        const files = pointsFiles(this.#folder, id);
        return { files, record: await readJson(files.record, PointsRecord) };
      }),
    );
  }
}

const relayProgram = fileURLToPath(
  new URL(`./relay/main${extname(import.meta.url)}`, import.meta.url),
);

function needsStart({ dependencies, identity }: PointsRecord): boolean {
  return dependencies.length > 0 && (identity === null || !isAlive(identity));
}

function ownerOf(id: string): string {
  return `relay:${id}`;
}

function addressesOf({ host, dependencies, disk }: PointsRecord): FaultAddresses {
  return {
    dependencies: Object.fromEntries(
      dependencies.map(({ name, listen }) => [name, { host, port: listen }]),
    ),
    disk,
  };
}
