import { closeSync, openSync } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TidelockError } from "../../model/errors.ts";
import type { Layout } from "../../model/layout.ts";
import { type Slot, slotKey } from "../../model/primitives.ts";
import { type SinkAddresses, type SinkKind, SinkKind as SinkKinds } from "../../model/sinks.ts";
import type { Result } from "../../ports/host-agent.ts";
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
import { readMessages, saidReady } from "./read-messages.ts";
import { sinkFiles, type SinkFiles, sinkId, sinkMark, SinkRecord } from "./record.ts";

/** The program loads its code and binds its ports. Milliseconds. */
const startTimeout = 10_000;
const pollMs = 20;
/** How often is looked whether a sink's program still runs. Milliseconds. */
const watchMs = 250;

interface SinksOptions {
  readonly paths: Layout;
  readonly agentId: string;
  readonly users: Users;
  readonly ports: PortBook;
}

/**
 * Where a colour under test sends its mails, calls and jobs. The agent owns them, and not the server or a
 * check: a deployment is given their addresses when it starts, so they have to outlive whoever tests it.
 * One process for each deployment, with ports that stay the same; one that ends is started again, and the
 * next agent adopts it.
 */
export class Sinks {
  readonly #options: SinksOptions;
  readonly #folder: string;
  #timer: NodeJS.Timeout | null = null;
  /** What is being done to each sink: one thing after the other, so that nobody ends what another just began. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #watching = false;

  constructor(options: SinksOptions) {
    this.#options = options;
    this.#folder = join(options.paths.agent, "sinks");
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Marks of those that run; whoever carries another one of a sink is a stray. */
  async livingMarks(): Promise<readonly string[]> {
    return (await readdir(this.#folder)).map(sinkMark);
  }

  /** Starts again what should run, removes what belongs to no deployment any more, and watches. */
  async restore(deployed: (slot: Slot) => string | null): Promise<void> {
    for (const { files, record } of await this.#all()) {
      const stands = record !== null && deployed(record.slot) === record.generation;
      if (!stands || record === null) {
        await this.#remove(files, record);
        continue;
      }
      for (const port of Object.values(record.ports)) this.#options.ports.note(files.id, port);
      // Whatever keeps it (a port that somebody took meanwhile) must not keep the agent: the watch tries again.
      await this.#revive(files).catch((error: unknown) =>
        report(`sinks of ${slotKey(record.slot)}: ${String(error)}; trying again`),
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
   * Makes sure that the sinks of a deployment run, and says where.
   * @throws TidelockError `unavailable` when they do not come up
   */
  async ensure(slot: Slot, generation: string, kinds: readonly SinkKind[]): Promise<SinkAddresses> {
    if (kinds.length === 0) return {};
    const files = sinkFiles(this.#folder, sinkId(slot, generation));
    return this.#inTurn(files, () => this.#ensure(files, { slot, generation, kinds }));
  }

  async #ensure(
    files: SinkFiles,
    {
      slot,
      generation,
      kinds,
    }: { readonly slot: Slot; readonly generation: string; readonly kinds: readonly SinkKind[] },
  ): Promise<SinkAddresses> {
    const known = await readJson(files.record, SinkRecord);
    if (known !== null && kinds.every((kind) => known.ports[kind] !== undefined)) {
      if (!runs(known)) await this.#spawn(files, known);
      return addressesOf(known);
    }
    if (known !== null) await this.#end(files, known);
    const { users, ports } = this.#options;
    const user = await users.allocate(ownerOf(files.id), "check");
    const record: SinkRecord = {
      slot,
      generation,
      host: loopback,
      ports: {},
      user,
      identity: null,
    };
    for (const kind of kinds) {
      record.ports[kind] = await ports.reserve(files.id, null);
    }
    await mkdir(files.directory, { recursive: true, mode: 0o700 });
    await this.#spawn(files, record);
    return addressesOf(record);
  }

  /** Where a deployment's sinks are; nothing when it has none. */
  async addresses(slot: Slot, generation: string): Promise<SinkAddresses> {
    const files = sinkFiles(this.#folder, sinkId(slot, generation));
    const record = await readJson(files.record, SinkRecord);
    return record === null ? {} : addressesOf(record);
  }

  async read(
    slot: Slot,
    generation: string,
    after: number,
    limit: number,
  ): Promise<Result<"sink.read">> {
    const files = sinkFiles(this.#folder, sinkId(slot, generation));
    const record = await readJson(files.record, SinkRecord);
    if (record === null) {
      const nothing = { sinks: [], running: false, messages: [], next: after, full: false };
      return { generation, ...nothing };
    }
    const found = await readMessages(files.messages, after, limit);
    return {
      generation,
      sinks: SinkKinds.options.flatMap((kind) => {
        const port = record.ports[kind];
        return port === undefined ? [] : [{ kind, host: record.host, port }];
      }),
      running: runs(record),
      messages: [...found.messages],
      next: found.next,
      full: found.full,
    };
  }

  /** Ends the sinks of a slot's other deployments; `keep` is the present one, if any. */
  async removeOthers(slot: Slot, keep: string | null): Promise<void> {
    for (const { files, record } of await this.#all()) {
      if (record === null || slotKey(record.slot) !== slotKey(slot)) continue;
      if (record.generation !== keep) await this.#remove(files, record);
    }
  }

  /** Starts one again that does not run, by what stands in its record when it is its turn. */
  #revive(files: SinkFiles): Promise<void> {
    return this.#inTurn(files, async () => {
      const record = await readJson(files.record, SinkRecord);
      if (record !== null && !runs(record)) await this.#spawn(files, record);
    });
  }

  async #inTurn<T>({ id }: SinkFiles, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(work);
    const done = turn.catch(() => undefined);
    this.#turns.set(id, done);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(id) === done) this.#turns.delete(id);
    }
  }

  async #spawn(files: SinkFiles, record: SinkRecord): Promise<void> {
    const { agentId, paths } = this.#options;
    killRemains(agentId, sinkMark(files.id), record.identity);
    // Before it runs: an agent that is killed here finds by its mark what it started.
    await writeDurably(files.record, JSON.stringify({ ...record, identity: null }));
    const { host, ports, user } = record;
    const log = openSync(files.messages, "a", 0o600);
    const before = (await stat(files.messages)).size;
    try {
      const { child, identity } = await spawnDetached({
        argv: [process.execPath, sinkProgram, JSON.stringify({ host, ports, user })],
        cwd: "/",
        env: {
          ...compileCache(paths),
          [markers.agent]: agentId,
          [markers.instance]: sinkMark(files.id),
        },
        user: null,
        log,
      });
      record.identity = identity;
      await writeDurably(files.record, JSON.stringify(record));
      const deadline = performance.now() + startTimeout;
      while (!(await saidReady(files.messages, before))) {
        if (child.exitCode !== null || identity === null || performance.now() > deadline) {
          throw new TidelockError("unavailable", "the sinks of this deployment did not come up", {
            where: files.messages,
            retryable: true,
          });
        }
        await sleep(pollMs);
      }
    } finally {
      closeSync(log);
    }
  }

  #remove(files: SinkFiles, record: SinkRecord | null): Promise<void> {
    return this.#inTurn(files, () => this.#end(files, record));
  }

  async #end(files: SinkFiles, record: SinkRecord | null): Promise<void> {
    const { agentId, ports, users } = this.#options;
    killRemains(agentId, sinkMark(files.id), record?.identity ?? null);
    const user = users.numberOf(ownerOf(files.id));
    if (user !== null && !killUser(user)) throw new Error(`processes of user ${user} do not end`);
    await users.release(ownerOf(files.id));
    ports.release(files.id);
    await removeTree(files.directory);
  }

  async #watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    try {
      for (const { files, record } of await this.#all()) {
        if (record === null || runs(record) || this.#turns.has(files.id)) continue;
        await this.#revive(files).catch(() => undefined);
      }
    } finally {
      this.#watching = false;
    }
  }

  async #all(): Promise<
    readonly { readonly files: SinkFiles; readonly record: SinkRecord | null }[]
  > {
    const ids = await readdir(this.#folder);
    return Promise.all(
      ids.map(async (id) => {
        const files = sinkFiles(this.#folder, id);
        return { files, record: await readJson(files.record, SinkRecord) };
      }),
    );
  }
}

const sinkProgram = fileURLToPath(
  new URL(`./receive/main${extname(import.meta.url)}`, import.meta.url),
);

function runs({ identity }: SinkRecord): boolean {
  return identity !== null && isAlive(identity);
}

function ownerOf(id: string): string {
  return `sink:${id}`;
}

function addressesOf({ host, ports }: SinkRecord): SinkAddresses {
  return Object.fromEntries(Object.entries(ports).map(([kind, port]) => [kind, { host, port }]));
}
