import { TidelockError } from "../../model/errors.ts";
import { namesFault } from "../../model/faults.ts";
import { type Slot, laneKey, slotKey } from "../../model/primitives.ts";
import type { Fence } from "../../model/primitives.ts";
import type { Result, SlotObservation, SlotSpec } from "../../ports/host-agent.ts";
import { requireSameLane } from "../lanes.ts";
import type { Parts } from "../parts.ts";
import { requireNamespaces } from "../processes/namespace.ts";
import { SlotRunner } from "./slot.ts";
import { manifestOf } from "./manifest.ts";
import { searchSlot } from "./search.ts";
import { sinksOf, splitSpec } from "./spec.ts";

interface Effect {
  readonly fence: Fence;
  readonly operation: string;
}

/** Every slot of this machine. */
export class Slots {
  readonly #parts: Parts;
  readonly #runners = new Map<string, SlotRunner>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  runner(slot: Slot): SlotRunner {
    const key = slotKey(slot);
    let runner = this.#runners.get(key);
    if (runner === undefined) {
      runner = new SlotRunner(this.#parts, slot);
      this.#runners.set(key, runner);
    }
    return runner;
  }

  all(): readonly SlotRunner[] {
    return [...this.#runners.values()];
  }

  async restore(): Promise<void> {
    const records = Object.values(this.#parts.store.current.slots);
    await Promise.all(records.map(({ slot }) => this.runner(slot).restore()));
  }

  /**
   * Deploys, when the fence allows it and every artifact is unpacked here and unchanged. Reading the trees
   * comes first and outside the lane's queue: a return of traffic never waits for it.
   */
  async deploy(effect: Effect, spec: SlotSpec): Promise<void> {
    const lane = laneKey(spec.slot);
    requireSameLane(effect.fence, lane);
    const { stored, entries } = splitSpec(spec);
    const apart = Object.values(stored.processes).some(({ port }) => port === "namespace");
    if (apart) requireNamespaces();
    if (apart && sinksOf(stored, entries).length > 0) throw sinksOutOfReach();
    if (apart && stored.bindings === "isolated" && Object.values(entries).some(namesFault)) {
      throw sinksOutOfReach();
    }
    for (const { digest } of stored.artifacts) {
      const change = await this.#parts.artifacts.changeOf(digest);
      if (change === null) continue;
      throw new TidelockError(
        "digest-mismatch",
        `the release on disk is not what it was: ${change}`,
        {
          where: this.#parts.artifacts.directory(digest),
          hint: "call artifact.ensure: it is unpacked again from the verified artifact",
        },
      );
    }
    await this.#parts.lanes.effect(effect, spec, async () => {
      const detail = {
        slot: slotKey(spec.slot),
        release: spec.release,
        configuration: spec.configuration,
        bindings: spec.bindings,
        generation: spec.generation,
      };
      await this.#parts.journal.append({
        kind: "deploy",
        lane,
        operation: effect.operation,
        detail,
      });
      await this.runner(stored.slot).deploy(stored, entries);
    });
  }

  /** Empties a slot and returns when nothing of it runs. */
  async destroy(effect: Effect, slot: Slot): Promise<void> {
    const lane = laneKey(slot);
    requireSameLane(effect.fence, lane);
    let done: Promise<void> = Promise.resolve();
    const how = await this.#parts.lanes.effect(effect, { destroy: slot }, async () => {
      const detail = {
        slot: slotKey(slot),
        release: this.runner(slot).record?.spec?.release ?? null,
      };
      await this.#parts.journal.append({
        kind: "destroy",
        lane,
        operation: effect.operation,
        detail,
      });
      done = (await this.runner(slot).destroy()).done;
    });
    // Sent again while the first one still stops processes: wait with it.
    if (how === "replayed" && this.runner(slot).record?.spec === null) {
      done = (await this.runner(slot).destroy()).done;
    }
    await done;
  }

  /** Starts an isolated deployment anew with empty state, and returns when the old one is gone. */
  async reset(effect: Effect, slot: Slot): Promise<void> {
    const lane = laneKey(slot);
    requireSameLane(effect.fence, lane);
    let done: Promise<void> = Promise.resolve();
    await this.#parts.lanes.effect(effect, { reset: slot }, async () => {
      const spec = this.runner(slot).record?.spec ?? null;
      requireIsolated(slot, spec?.bindings ?? null);
      const detail = { slot: slotKey(slot), generation: spec?.generation, release: spec?.release };
      await this.#parts.journal.append({
        kind: "reset",
        lane,
        operation: effect.operation,
        detail,
      });
      done = (await this.runner(slot).reset()).done;
    });
    await done;
  }

  observe(slot: Slot): SlotObservation {
    return this.runner(slot).observe();
  }

  /** See `slot.search` of the protocol. */
  search(slot: Slot, values: Readonly<Record<string, string>>): Promise<Result<"slot.search">> {
    return searchSlot(this.#parts, this.runner(slot), values);
  }

  /** See `slot.manifest` of the protocol. */
  manifest(slot: Slot, key: string): Promise<Result<"slot.manifest">> {
    return manifestOf(this.#parts, this.runner(slot), key);
  }

  list(): SlotObservation[] {
    return this.all()
      .filter(({ record }) => record !== null)
      .map((runner) => runner.observe());
  }

  /** Stops everything that runs and keeps nothing of it on record. */
  async stopAll(): Promise<void> {
    await Promise.all(
      this.all().map(async (runner) => {
        await (
          await runner.destroy()
        ).done;
      }),
    );
  }

  close(): void {
    for (const runner of this.all()) runner.close();
  }
}

function requireIsolated(slot: Slot, bindings: "isolated" | "live" | null): void {
  if (bindings === "isolated") return;
  throw bindings === null
    ? new TidelockError("not-found", "nothing is deployed on this colour", { where: slotKey(slot) })
    : new TidelockError(
        "forbidden",
        "what has the live bindings is never reset: it is users' data",
        {
          where: slotKey(slot),
        },
      );
}

/** The sinks listen on the machine's loopback address, and a network of its own has another one. */
function sinksOutOfReach(): TidelockError {
  return new TidelockError(
    "unsupported",
    "a process in a network namespace of its own cannot reach Tidelock's sinks and relays",
    {
      where: "processes.*.port",
      fault: "operator",
      hint: "use `port: variable` or `port: argument`, or name a mail server, queue and so on of your own in `isolated`",
    },
  );
}
