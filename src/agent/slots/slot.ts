import { setTimeout as sleep } from "node:timers/promises";
import { canonicalJson } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import { type Slot, laneKey, slotKey } from "../../model/primitives.ts";
import type { SlotObservation } from "../../ports/host-agent.ts";
import { bootId } from "../os/identity.ts";
import { killUser } from "../os/process-table.ts";
import { type Parts, report } from "../parts.ts";
import { Instance } from "../processes/instance.ts";
import { removeNamespace } from "../processes/namespace.ts";
import { type InstanceRecord, type SlotRecord, loopback } from "../state/schema.ts";
import {
  deliver,
  deploymentFolders,
  emptyState,
  readEntries,
  removeDeployment,
  removeOtherDeployments,
} from "./delivery.ts";
import { isLive } from "./live.ts";
import { newInstances, retiredProcess } from "./new-instances.ts";
import { ownerOf } from "./owner.ts";
import { observeSlot } from "./observe.ts";
import { type Entries, type StoredSpec, routedProcess } from "./spec.ts";
import { ensureStandIns, removeOtherStandIns } from "./stand-ins.ts";
import { startInstance } from "./start-instance.ts";
import { endStraysOfLane } from "./strays.ts";

/**
 * One colour of one lane: what shall run there, and what does. A deployment replaces the one before:
 * its instances are stopped first, then fresh ones start; nothing is edited in place. Every change is on
 * disk before anything is done about it, so that the next agent goes on where this one was killed.
 */
export class SlotRunner {
  readonly slot: Slot;
  readonly key: string;
  readonly #parts: Parts;
  #instances: Instance[] = [];
  #retiring: Instance[] = [];
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  /** What is to be replaced still answers the requests that it had when its traffic went elsewhere. */
  #draining = false;

  constructor(parts: Parts, slot: Slot) {
    this.#parts = parts;
    this.slot = slot;
    this.key = slotKey(slot);
  }

  get record(): Readonly<SlotRecord> | null {
    return this.#parts.store.current.slots[this.key] ?? null;
  }

  /** Records what shall run and begins to bring it about. The same deployment again is left running. */
  async deploy(spec: StoredSpec, entries: Entries): Promise<void> {
    if (await this.#isDeployed(spec, entries)) {
      await this.revive();
      return;
    }
    // What is replaced leaves as it is: a stopped process would not hear that it shall end.
    await this.#parts.heal(this.slot);
    const user = await this.#parts.users.allocate(ownerOf(spec), "service");
    const folders = deploymentFolders(this.#parts.paths, this.slot, spec.generation);
    const before = this.record?.spec;
    if (before?.generation === spec.generation) {
      throw new TidelockError("conflict", "this generation was deployed with other content", {
        where: this.key,
        fault: "bug",
        hint: "a generation stands for one content; use a new one",
      });
    }
    const fresh = newInstances(spec, user);
    try {
      const standIns = await ensureStandIns(this.#parts, spec, entries);
      await deliver(this.#parts.paths, folders, { entries, standIns }, spec.delivery, user);
      await this.#change((record) => {
        record.retiring.push(...record.instances);
        record.instances = fresh;
        record.spec = spec;
        record.wasReady = false;
        delete record.resetting;
      });
    } catch (error) {
      await removeDeployment(folders).catch(() => undefined);
      await removeOtherStandIns(this.#parts, this.slot, before?.generation ?? null).catch(
        () => undefined,
      );
      throw error;
    }
    this.#retireAll();
    this.#schedule();
  }

  /** Records that nothing shall run here. The promise inside settles when nothing does. */
  async destroy(): Promise<{ readonly done: Promise<void> }> {
    if (this.record === null) return { done: this.#work };
    await this.#parts.heal(this.slot);
    await this.#change((record) => {
      record.retiring.push(...record.instances);
      record.instances = [];
      record.spec = null;
    });
    this.#retireAll();
    return { done: this.#schedule() };
  }

  /**
   * Records that what runs here shall begin anew with nothing kept. The promise inside settles when the old
   * processes are gone, their state is empty and the new ones are started.
   */
  async reset(): Promise<{ readonly done: Promise<void> }> {
    await this.#change((record) => {
      record.resetting = true;
      record.wasReady = false;
    });
    return { done: this.#schedule() };
  }

  /** Takes over what an earlier agent left: living processes are adopted, dead ones started again. */
  async restore(): Promise<void> {
    const record = this.record;
    if (record === null) return;
    this.#retiring = record.retiring.map((one) => this.#instance(one));
    this.#instances = record.instances.map((one) => this.#instance(one));
    for (const one of record.instances) {
      if (one.port !== null) this.#parts.ports.note(one.id, one.port);
    }
    if (this.#retiring.length > 0 || record.spec === null || record.resetting === true) {
      // A replacement was under way: nothing new may run beside what it replaces.
      this.#schedule();
      return;
    }
    await this.#restoreTrees(record);
    for (const instance of this.#instances) await this.#resume(instance, record.wasReady);
  }

  /** Files of a release are not synced one by one: after a power cut they may be missing. */
  async #restoreTrees({ spec, instances }: Readonly<SlotRecord>): Promise<void> {
    const rebooted = instances.every(({ identity }) => identity?.bootId !== bootId());
    if (spec === null || !rebooted) return;
    for (const { digest } of spec.artifacts) {
      await this.#parts.artifacts
        .restore(digest)
        .catch((error: unknown) => report(`${this.key}: ${String(error)}`));
    }
  }

  /** Tries again what was given up. */
  async revive(): Promise<void> {
    for (const instance of this.#instances) {
      if (instance.record.gaveUp !== null) await instance.revive();
    }
  }

  observe(): SlotObservation {
    const seen = observeSlot(
      this.slot,
      this.record,
      this.#instances,
      this.#retiring,
      this.#parts.logs,
    );
    return this.#draining ? { ...seen, draining: true } : seen;
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /** Where requests of the routed process may go now. */
  backends(): { readonly host: string; readonly port: number }[] {
    const spec = this.record?.spec;
    const routed = spec === null || spec === undefined ? null : routedProcess(spec);
    return this.#instances.flatMap((instance) => {
      const { process, host, port } = instance.record;
      if (process !== routed || instance.state !== "ready" || port === null) return [];
      return [{ host, port }];
    });
  }

  /** Ends the watching; processes go on. For an agent that leaves without them. */
  close(): void {
    this.#closed = true;
    for (const instance of [...this.#instances, ...this.#retiring]) instance.abandon();
  }

  async #isDeployed(spec: StoredSpec, entries: Entries): Promise<boolean> {
    const present = this.record?.spec;
    if (present === null || present === undefined) return false;
    if (canonicalJson(present) !== canonicalJson(spec)) return false;
    const folders = deploymentFolders(this.#parts.paths, this.slot, spec.generation);
    return canonicalJson(await readEntries(folders)) === canonicalJson(entries);
  }

  async #resume(instance: Instance, wasReady: boolean): Promise<void> {
    const how = await instance.resume(wasReady);
    const { id, identity } = instance.record;
    if (how === "idle") return;
    const kind = how === "adopted" ? "adopt" : "restart";
    const detail = {
      instance: id,
      pid: identity?.pid ?? null,
      release: this.record?.spec?.release,
    };
    await this.#parts.journal.note({ kind, lane: laneKey(this.slot), detail });
  }

  #retireAll(): void {
    this.#retiring.push(...this.#instances);
    const spec = this.record?.spec ?? null;
    this.#instances =
      spec === null ? [] : (this.record?.instances ?? []).map((one) => this.#instance(one));
    this.#parts.slotChanged(this.slot);
  }

  /** One replacement after the other; a failed one (a full disk) is tried again. */
  #schedule(): Promise<void> {
    this.#work = this.#work.then(async () => {
      while (!this.#closed) {
        try {
          await this.#replace();
          return;
        } catch (error) {
          report(`${this.key}: ${String(error)}; trying again`);
          await sleep(1_000);
        }
      }
    });
    return this.#work;
  }

  async #replace(): Promise<void> {
    if (this.#retiring.length > 0) {
      this.#draining = true;
      await this.#parts.drains.over(this.slot, () => this.#closed);
      this.#draining = false;
    }
    const retiring = [...this.#retiring];
    await Promise.all(retiring.map((instance) => instance.stop()));
    const gone = new Set(retiring.map((instance) => instance.record.id));
    for (const id of gone) this.#parts.ports.release(id);
    await this.#change((record) => {
      record.retiring = record.retiring.filter(({ id }) => !gone.has(id));
    });
    this.#retiring = this.#retiring.filter(({ record }) => !gone.has(record.id));
    // A newer deployment may have come meanwhile; its own turn follows.
    if (this.#retiring.length > 0) return;
    const spec = this.record?.spec ?? null;
    await this.#releaseUsers(spec === null ? null : ownerOf(spec));
    const keep =
      spec === null ? null : deploymentFolders(this.#parts.paths, this.slot, spec.generation).root;
    await removeOtherDeployments(this.#parts.paths, this.slot, keep);
    await removeOtherStandIns(this.#parts, this.slot, spec?.generation ?? null);
    if (spec !== null) {
      if (this.record?.resetting === true) await this.#beginAnew(spec);
      await Promise.all(this.#instances.map((instance) => instance.resume(false)));
    } else {
      await this.#parts.store.update((draft) => {
        if (draft.slots[this.key]?.spec !== null) return;
        delete draft.slots[this.key];
        delete draft.faults[this.key];
      });
    }
    this.#parts.slotChanged(this.slot);
  }

  /** Ends what runs, whatever left its family included, and empties its state; killed anywhere, it is done again. */
  async #beginAnew(spec: StoredSpec): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.stop()));
    const user = this.#parts.users.numberOf(ownerOf(spec));
    if (user !== null && !killUser(user)) throw new Error(`processes of user ${user} do not end`);
    await emptyState(deploymentFolders(this.#parts.paths, this.slot, spec.generation));
    await this.#change((record) => {
      const ports = new Map(record.instances.map(({ id, port }) => [id, port]));
      record.instances = newInstances(spec, user).map((one) => ({
        ...one,
        port: ports.get(one.id) ?? null,
      }));
      delete record.resetting;
    });
    this.#instances = (this.record?.instances ?? []).map((one) => this.#instance(one));
  }

  /** Ends whatever still runs as the user of an earlier deployment, and gives the number back. */
  async #releaseUsers(present: string | null): Promise<void> {
    for (const [owner, user] of Object.entries(this.#parts.store.current.users)) {
      if (!owner.startsWith(`${this.key}#`) || owner === present) continue;
      if (!killUser(user)) throw new Error(`processes of user ${user} do not end`);
      await this.#parts.users.release(owner);
    }
    endStraysOfLane(this.#parts, this.slot);
  }

  #instance(record: InstanceRecord): Instance {
    const parts = this.#parts;
    return new Instance(record, {
      agentId: parts.agentId,
      process: this.record?.spec?.processes[record.process] ?? retiredProcess(record),
      backoff: parts.backoff,
      save: (changed) => this.#saveInstance(changed),
      spawn: (changed, port) => startInstance(parts, this.slot, this.record, changed, port),
      stopped: async ({ id, host }) => {
        if (host !== loopback) await removeNamespace(parts.agentId, id);
      },
      logEnd: () => parts.logs.file(this.slot, `${record.process}-${record.index}`).end,
      reservePort: (before) => parts.ports.reserve(record.id, before),
      keepTrying: () => isLive(parts.store, this.slot),
      changed: () => this.#changed(),
      note: (kind, detail) =>
        void parts.journal.note({ kind, lane: laneKey(this.slot), detail: { ...detail } }),
    });
  }

  #changed(): void {
    const record = this.record;
    const all =
      this.#instances.length > 0 && this.#instances.every(({ state }) => state === "ready");
    if (all && record !== null && !record.wasReady) {
      this.#change((draft) => {
        draft.wasReady = true;
      }).catch(() => undefined);
    }
    this.#parts.slotChanged(this.slot);
  }

  #saveInstance(changed: InstanceRecord): Promise<void> {
    return this.#change((record) => {
      for (const list of [record.instances, record.retiring]) {
        const index = list.findIndex(({ id }) => id === changed.id);
        if (index !== -1) list[index] = changed;
      }
    });
  }

  #change(change: (record: SlotRecord) => void): Promise<void> {
    return this.#parts.store.update((draft) => {
      const record = (draft.slots[this.key] ??= {
        slot: this.slot,
        spec: null,
        instances: [],
        retiring: [],
        wasReady: false,
      });
      change(record);
    });
  }
}
