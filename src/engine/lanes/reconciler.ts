import { setTimeout as sleep } from "node:timers/promises";
import { asTidelockError, TidelockError } from "../../model/errors.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { dueLanes, holdLane } from "../../store/queries/lanes.ts";
import { stopChecks } from "../check-runs/check-runner.ts";
import type { Engine } from "../engine.ts";
import { recordFenceProblem, clearFenceProblem } from "./incarnation.ts";
import { importJournal } from "./journal-import.ts";
import { type Lease, releaseLease, takeLease, withLease } from "./lease.ts";
import { noteWait } from "./note-wait.ts";
import { reconcileLane } from "./reconcile-lane.ts";

/** A look that was given up. */
class HungLook extends TidelockError {
  constructor(lane: string, lookMs: number) {
    super("timeout", `a look at ${lane} did not end within ${lookMs / 1_000} s and was given up`, {
      where: lane,
      hint: "nobody: it is looked again; if it stays so, `tidelock doctor` helps",
      retryable: true,
    });
  }
}

/** What this process knows of a lane; all of it may be lost without harm. */
interface LaneWork {
  readonly lane: Lane;
  lease: Lease | undefined;
  /** The agent has seen our fence: from then on nobody older can act. */
  fenced: boolean;
  /** The next look is the first one of this lease. */
  fresh: boolean;
  running: Promise<void> | undefined;
  pokedWhileRunning: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Level-triggered: a poke, a job or the sweep only says "look at this lane". Looking takes the lease,
 * shows the fence to the agent, takes in what the agent did while nobody was there, and goes on from what
 * is observed. Any look may be the last one of this process.
 */
export class Reconciler {
  readonly #engine: Engine;
  readonly #lanes = new Map<string, LaneWork>();
  #timers: NodeJS.Timeout[] = [];
  #stopping = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  start(): void {
    const { settings, signals } = this.#engine;
    signals.on("lane", this.#poke);
    this.#timers = [
      setInterval(() => void this.sweep(), settings.sweepMs),
      setInterval(() => void this.#renewAll(), settings.leaseMs / 3),
    ];
    void this.sweep();
  }

  /** Lets each lane finish the look it is in, and gives the leases back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#engine.signals.off("lane", this.#poke);
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(
      [...this.#lanes.values()].map(async (work) => {
        clearTimeout(work.timer);
        // One that hangs ends with this process.
        if (work.running) await atMost(this.#engine.settings.leaseMs, work.running);
        clearTimeout(work.timer);
        stopChecks(this.#engine, work.lane);
        await this.#giveBack(work);
      }),
    );
  }

  /** Finds whatever no wake-up told us of. */
  async sweep(): Promise<void> {
    try {
      for (const lane of await dueLanes(this.#engine.db)) this.#poke(lane);
    } catch (error) {
      this.#engine.notice(`the sweep could not look: ${asTidelockError(error).message}`);
    }
  }

  readonly #poke = (lane: Lane): void => {
    if (this.#stopping) return;
    const key = laneKey(lane);
    let work = this.#lanes.get(key);
    if (!work) {
      work = {
        lane: { service: lane.service, environment: lane.environment },
        lease: undefined,
        fenced: false,
        fresh: false,
        running: undefined,
        pokedWhileRunning: false,
        timer: undefined,
      };
      this.#lanes.set(key, work);
    }
    if (work.running) {
      work.pokedWhileRunning = true;
      return;
    }
    clearTimeout(work.timer);
    const current = work;
    work.running = this.#run(current).finally(() => {
      current.running = undefined;
      if (!current.pokedWhileRunning) return;
      current.pokedWhileRunning = false;
      this.#poke(lane);
    });
  };

  async #run(work: LaneWork): Promise<void> {
    try {
      if (!(await this.#within(work, this.#own(work)))) return;
      for (;;) {
        const { lease } = work;
        if (!lease || this.#stopping) return;
        const again = await this.#within(work, reconcileLane(this.#engine, lease, work.fresh));
        work.fresh = false;
        if (again === "now") continue;
        await this.#rest(work, again);
        return;
      }
    } catch (error) {
      await this.#stumble(work, asTidelockError(error));
    }
  }

  /**
   * A look that does not come back must not stop its lane for ever. It is left where it hangs: the lease that it
   * acts under is given back, so that whatever it still does is refused, here and by the agent.
   */
  async #within<T>(work: LaneWork, look: Promise<T>): Promise<T> {
    const { lookMs } = this.#engine.settings;
    const seen = look.then((value) => ({ value }));
    const ended = await atMost(lookMs, seen);
    if (ended === undefined) throw new HungLook(laneKey(work.lane), lookMs);
    return ended.value;
  }

  /** Says where it hung, and looks again under a new lease. */
  async #leaveHanging(work: LaneWork, hung: HungLook): Promise<void> {
    const engine = this.#engine;
    const { lease } = work;
    work.lease = undefined;
    this.#lookAgain(work, engine.settings.agentAwayMs);
    engine.notice(hung.message);
    stopChecks(engine, work.lane);
    if (!lease) return;
    // What hangs may be the database: then the lease runs out by itself.
    const told = noteWait(engine, lease, hung).finally(() => releaseLease(engine, lease));
    await atMost(
      engine.settings.leaseMs,
      told.catch(() => undefined),
    );
  }

  /** Takes the lease if there is something to do, and makes the agent refuse everybody older. */
  async #own(work: LaneWork): Promise<boolean> {
    const engine = this.#engine;
    if (!work.lease) {
      const [due] = await dueLanes(engine.db, work.lane);
      if (!due) return false;
      work.lease = await takeLease(engine, work.lane);
      work.fresh = true;
      work.fenced = false;
      if (!work.lease) return false;
      await engine.hooks?.reach("lease:taken");
    }
    if (!work.fenced) {
      await engine.agent.call("lane.fence", { fence: work.lease.fence });
      await clearFenceProblem(engine, work.lease);
      // What the agent did while nobody was there comes first, before anything is concluded.
      await importJournal(engine);
      work.fenced = true;
    }
    return true;
  }

  /** Keeps the lane for a short wait, gives it back for a long one; the row says when to look again. */
  async #rest(work: LaneWork, againMs: number | undefined): Promise<void> {
    if (againMs === undefined || againMs > this.#engine.settings.keepLeaseMs) {
      await this.#giveBack(work);
    }
    if (againMs !== undefined) this.#lookAgain(work, againMs);
  }

  #lookAgain(work: LaneWork, ms: number): void {
    clearTimeout(work.timer);
    if (this.#stopping) return;
    work.timer = setTimeout(() => this.#poke(work.lane), Math.min(ms, 2_147_483_647));
  }

  async #stumble(work: LaneWork, error: TidelockError): Promise<void> {
    const engine = this.#engine;
    try {
      if (error instanceof HungLook) return await this.#leaveHanging(work, error);
      if (error.code === "stale-epoch" && work.lease) {
        await this.#refusedAsStale(work, work.lease, error);
        return;
      }
      if ((error.code === "unavailable" || error.code === "timeout") && work.lease) {
        await noteWait(engine, work.lease, error);
        this.#lookAgain(work, engine.settings.agentAwayMs);
        return;
      }
      engine.notice(`${laneKey(work.lane)}: ${error.message}`);
      // Whoever waits for it should not have to read the server's log.
      if (work.lease) await noteWait(engine, work.lease, error).catch(() => undefined);
      await this.#giveBack(work);
    } catch (second) {
      engine.notice(`${laneKey(work.lane)}: ${asTidelockError(second).message}`);
      work.lease = undefined;
    }
  }

  /**
   * Either another worker has the lane now, which is fine; or the lane is ours and the agent knows a
   * higher fence than our database: then the database is older than the machine, and we stop here.
   */
  async #refusedAsStale(work: LaneWork, lease: Lease, error: TidelockError): Promise<void> {
    stopChecks(this.#engine, work.lane);
    const ours = await this.#stillOurs(lease);
    work.lease = undefined;
    if (!ours) return;
    await recordFenceProblem(this.#engine, lease, error);
    await releaseLease(this.#engine, lease);
  }

  async #stillOurs(lease: Lease): Promise<boolean> {
    try {
      await withLease(this.#engine, lease, () => Promise.resolve());
      return true;
    } catch (error) {
      if (asTidelockError(error).code === "stale-epoch") return false;
      throw error;
    }
  }

  async #giveBack(work: LaneWork): Promise<void> {
    const { lease } = work;
    work.lease = undefined;
    if (!lease) return;
    try {
      await releaseLease(this.#engine, lease);
    } catch (error) {
      // It runs out by itself.
      this.#engine.notice(`${laneKey(work.lane)}: ${asTidelockError(error).message}`);
    }
  }

  /** A long look must not lose the lane; one that was lost stops its checks. */
  async #renewAll(): Promise<void> {
    for (const work of this.#lanes.values()) {
      const { lease } = work;
      if (!lease) continue;
      try {
        const row = await holdLane(this.#engine.db, lease.lane, {
          holder: lease.holder,
          epoch: lease.fence.epoch,
          leaseMs: this.#engine.settings.leaseMs,
        });
        if (row || work.lease !== lease) continue;
        work.lease = undefined;
        stopChecks(this.#engine, work.lane);
      } catch (error) {
        this.#engine.notice(`a lease was not renewed: ${asTidelockError(error).message}`);
      }
    }
  }
}

/** Undefined when it takes longer; what comes after that is nobody's any more, a failure as well. */
async function atMost<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const over = new AbortController();
  work.catch(() => undefined);
  const limit = sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, limit]);
  } finally {
    over.abort();
  }
}
