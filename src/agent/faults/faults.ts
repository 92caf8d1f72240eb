import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { TidelockError } from "../../model/errors.ts";
import { type Slot, laneKey, slotKey } from "../../model/primitives.ts";
import type { Params, Result } from "../../ports/host-agent.ts";
import type { FaultEnding, FaultObservation } from "../../ports/host-agent-faults.ts";
import { requireSameLane } from "../lanes.ts";
import { compileCache } from "../os/compile-cache.ts";
import { isAlive, type ProcessIdentity } from "../os/identity.ts";
import { sendSignal } from "../os/process-table.ts";
import { type Parts, report } from "../parts.ts";
import { markers } from "../processes/environment.ts";
import { spawnDetached } from "../processes/spawn.ts";
import { deploymentFolders } from "../slots/delivery.ts";
import type { Slots } from "../slots/slots.ts";
import { freeDisk } from "./disk.ts";
import { type Sight, inflict, look } from "./inflict.ts";
import type { KeeperSettings } from "./keeper.ts";
import { offersOf, refuseInjury, requireOffered, targetsOf } from "./offers.ts";
import type { FaultRecord } from "./record.ts";
import { resumeProcesses } from "./injure.ts";

/** Tried again when something of a fault could not be undone. Milliseconds. */
const againMs = 1_000;
/** The agent's own deadline comes first. Milliseconds. */
const keeperGraceMs = 1_000;

type BeginRequest = Params<"fault.begin">;

/**
 * Injures colours under test, on purpose and for a time. Each fault is on disk and in the journal before it
 * is inflicted, has a deadline after which it is undone whoever is gone by then, and is undone at once when
 * its colour gets another deployment or a share of the traffic, and when an agent comes back that finds it.
 *
 *   begin: record -> keeper -> inflict -> read back        end, deadline, return: undo -> read back -> record
 */
export class Faults {
  readonly #parts: Parts;
  readonly #slots: Slots;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** One undoing at a time for each colour. */
  readonly #undoing = new Map<string, Promise<void>>();

  constructor(parts: Parts, slots: Slots) {
    this.#parts = parts;
    this.#slots = slots;
  }

  /** Undoes what an agent that was killed left behind. */
  async restore(): Promise<void> {
    for (const record of Object.values(this.#parts.store.current.faults)) {
      if (record.ended === null) await this.#undo(record.slot, "agent-returned");
    }
  }

  async offers(slot: Slot): Promise<Result<"fault.offers">> {
    return offersOf(this.#parts, this.#slots.runner(slot));
  }

  /** @throws TidelockError `forbidden` where users may be, `unsupported` for what is not offered, `conflict` */
  async begin(request: BeginRequest): Promise<FaultObservation> {
    const { slot, generation, fault, forMs, operation } = request;
    const lane = laneKey(slot);
    requireSameLane(request.fence, lane);
    const content = { slot, generation, fault, forMs };
    await this.#parts.lanes.effect(request, content, async () => {
      const runner = this.#slots.runner(slot);
      refuseInjury(this.#parts, runner, generation);
      const before = this.#of(slot);
      if (before !== null && before.ended === null) {
        throw new TidelockError("conflict", `${slotKey(slot)} is under another fault already`, {
          where: before.operation,
          hint: "end it first; it ends by itself at its deadline",
        });
      }
      await requireOffered(this.#parts, runner, fault);
      const spec = runner.record?.spec;
      if (!spec) return;
      const folders = deploymentFolders(this.#parts.paths, slot, generation);
      const record: FaultRecord = {
        operation,
        slot,
        generation,
        release: spec.release,
        fault,
        targets: [...targetsOf(runner, fault)],
        disk: fault.kind === "disk-full" ? folders.state : null,
        forMs,
        injected: false,
        evidence: "not inflicted yet",
        relay: null,
        keeper: null,
        ended: null,
      };
      await this.#parts.journal.append({
        kind: "fault",
        lane,
        operation,
        detail: { slot: slotKey(slot), generation, fault, forMs },
      });
      await this.#save(record);
      await this.#inflict(record);
    });
    const seen = await this.read(slot);
    if (seen !== null && seen.operation === operation) return seen;
    throw new TidelockError("conflict", "another fault has taken the place of this one", {
      where: operation,
    });
  }

  async #inflict(record: FaultRecord): Promise<void> {
    const { slot, fault, forMs } = record;
    const key = slotKey(slot);
    try {
      const keeper = await this.#startKeeper(record);
      if (keeper !== null) await this.#save({ ...record, keeper });
      const sight = await inflict(this.#parts, this.#slots.runner(slot), record);
      await this.#note(slot, sight);
    } catch (error) {
      await this.#undo(slot, "asked");
      throw error;
    }
    // Whoever looks for what a kill left finds nothing: it is over.
    if (fault.kind === "kill") return this.#undo(slot, "done");
    this.#timers.set(
      key,
      setTimeout(() => void this.#undo(slot, "deadline"), forMs),
    );
  }

  /** The last fault of a colour, looked at again now. */
  async read(slot: Slot): Promise<FaultObservation | null> {
    const record = this.#of(slot);
    if (record === null) return null;
    const { operation, generation, fault, ended } = record;
    const sight: Sight = ended === null ? await look(this.#parts, record) : record;
    return {
      operation,
      generation,
      fault,
      active: ended === null,
      injected: sight.injected,
      evidence: sight.evidence,
      ended,
      relay: sight.relay,
    };
  }

  /** Asked for again, it answers the same. */
  async end(slot: Slot, operation: string): Promise<FaultObservation> {
    const record = this.#of(slot);
    if (record?.operation !== operation) {
      throw new TidelockError("not-found", "this colour has no such fault", { where: operation });
    }
    await this.#undo(slot, "asked");
    const seen = await this.read(slot);
    if (seen !== null) return seen;
    throw new TidelockError("not-found", "this colour has no such fault", { where: operation });
  }

  /** Undoes whatever a colour suffers: it is given up, deployed to, or about to meet users. */
  async heal(slot: Slot): Promise<void> {
    if (this.#of(slot)?.ended === null) await this.#undo(slot, "replaced");
  }

  async healAll(): Promise<void> {
    for (const { slot } of Object.values(this.#parts.store.current.faults)) await this.heal(slot);
  }

  /** Forgets timers; the keepers and the next agent see to the rest. */
  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #of(slot: Slot): FaultRecord | null {
    return this.#parts.store.current.faults[slotKey(slot)] ?? null;
  }

  #undo(slot: Slot, how: FaultEnding): Promise<void> {
    const key = slotKey(slot);
    const known = this.#undoing.get(key);
    if (known !== undefined) return known;
    const work = this.#undoNow(slot, how).finally(() => this.#undoing.delete(key));
    this.#undoing.set(key, work);
    return work;
  }

  async #undoNow(slot: Slot, how: FaultEnding): Promise<void> {
    const record = this.#of(slot);
    if (record === null || record.ended !== null) return;
    const key = slotKey(slot);
    const timer = this.#timers.get(key);
    if (timer !== undefined) clearTimeout(timer);
    this.#timers.delete(key);
    // Processes first and at once: nothing that can fail or wait stands before them.
    const resumed = await resumeProcesses(
      this.#parts.agentId,
      record.fault.kind === "pause" ? record.targets : [],
    );
    const relay = await this.#clearRelay(record);
    const freed = await this.#freeDisk(record);
    const clean = resumed && freed && relay !== "stuck";
    if (!clean && how !== "done") {
      report(`${key}: something of the fault ${record.operation} is left; trying again`);
      this.#timers.set(
        key,
        setTimeout(() => void this.#undo(slot, how), againMs),
      );
    }
    const relayed = relay === "stuck" || relay === null ? record.relay : relay;
    if (record.keeper !== null && clean && isAlive(record.keeper)) {
      sendSignal(record.keeper.pid, "SIGKILL");
    }
    const ended = clean ? { at: new Date().toISOString(), how, clean } : null;
    await this.#save({ ...record, relay: relayed, ended }).catch((error: unknown) => {
      // It is undone; that it was is written as soon as that is possible, and undone again till then.
      report(`${key}: ${String(error)}`);
      this.#timers.set(
        key,
        setTimeout(() => void this.#undo(slot, how), againMs),
      );
    });
    if (!clean) return;
    await this.#parts.journal.note({
      kind: "fault-end",
      lane: laneKey(slot),
      operation: record.operation,
      detail: { slot: key, how, injected: record.injected },
    });
  }

  /** What it did until now; `stuck` when it may still do it. */
  async #clearRelay(record: FaultRecord): Promise<FaultRecord["relay"] | "stuck"> {
    const { fault, slot, generation, operation } = record;
    if (fault.kind !== "latency" && fault.kind !== "error") return null;
    const points = this.#parts.faultPoints;
    const said = await points.order(slot, generation, { kind: "end", operation });
    if (said !== null && !said.active) return said.operation === operation ? said.counts : null;
    // One that does not answer is started anew, without any fault. None at all holds none either.
    if ((await points.read(slot, generation)) === null) return null;
    return points.restart(slot, generation).then(
      () => null,
      () => "stuck" as const,
    );
  }

  async #freeDisk({ disk, slot, generation }: FaultRecord): Promise<boolean> {
    if (disk === null) return true;
    const bytes = (await this.#parts.faultPoints.read(slot, generation))?.disk ?? null;
    try {
      return bytes === null || freeDisk(disk, bytes);
    } catch (error) {
      report(`${slotKey(slot)}: ${String(error)}`);
      return false;
    }
  }

  async #startKeeper(record: FaultRecord): Promise<ProcessIdentity | null> {
    const { fault, slot, generation, targets, disk, forMs } = record;
    if (fault.kind !== "pause" && fault.kind !== "disk-full") return null;
    const { agentId, paths, faultPoints } = this.#parts;
    const bytes = (await faultPoints.read(slot, generation))?.disk ?? null;
    const settings: KeeperSettings = {
      agentId,
      afterMs: forMs + keeperGraceMs,
      targets: fault.kind === "pause" ? targets : [],
      disk: disk === null || bytes === null ? null : { path: disk, bytes },
    };
    const { identity } = await spawnDetached({
      argv: [process.execPath, keeperProgram, JSON.stringify(settings)],
      cwd: "/",
      env: {
        ...compileCache(paths),
        [markers.agent]: agentId,
        [markers.instance]: `keeper-${slotKey(slot)}`,
      },
      user: null,
      log: null,
    });
    return identity;
  }

  #note(slot: Slot, sight: Sight): Promise<void> {
    const { injected, evidence, relay } = sight;
    const record = this.#of(slot);
    // Its deadline may have come while it was being inflicted.
    return record === null || record.ended !== null
      ? Promise.resolve()
      : this.#save({ ...record, injected, evidence, relay });
  }

  #save(record: FaultRecord): Promise<void> {
    return this.#parts.store.update((draft) => {
      draft.faults[slotKey(record.slot)] = record;
    });
  }
}

const keeperProgram = fileURLToPath(
  new URL(`./keeper${extname(import.meta.url)}`, import.meta.url),
);
