import { setTimeout as sleep } from "node:timers/promises";
import { asTidelockError } from "../../model/errors.ts";
import type { InstanceState } from "../../ports/host-agent.ts";
import { isAlive } from "../os/identity.ts";
import { sendSignal } from "../os/process-table.ts";
import { portsOfFamily } from "../os/sockets.ts";
import type { InstanceRecord } from "../state/schema.ts";
import { nextStart } from "./backoff.ts";
import type { InstanceHost, StartedInstance } from "./instance-host.ts";
import type { ProbeResult } from "./readiness.ts";
import { watchReadiness } from "./readiness-watch.ts";
import type { Run } from "./run.ts";
import { describeExit, exitOf } from "./spawn.ts";
import { killRemains, waitGone } from "./sweep.ts";

/** An adopted process is nobody's child: its end is found by looking. Milliseconds. */
const adoptedPollMs = 100;
const saveAgainMs = 1_000;

/**
 * One replica, kept alive.
 *
 *   starting --probe ok--> ready <--probe--> unready
 *      |  \--exit, too slow--.  \--exit--.      |
 *      |                      v           v     |
 *      |                    backoff ------------+--> starting
 *      |                      \--too often, idle colour--> exited --revive--> starting
 *      \--stop (from anywhere)--> stopping --> exited
 */
export class Instance {
  #record: InstanceRecord;
  readonly #host: InstanceHost;
  #state: InstanceState = "starting";
  #run: Run | null = null;
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;
  #fastExits = 0;
  #failed = false;
  #wasReady = false;
  /** Its next end is intended and says nothing about it. */
  #endExpected = false;
  #lastProbe: ProbeResult = null;
  #retry: NodeJS.Timeout | null = null;
  #logStart = 0;

  constructor(record: InstanceRecord, instanceHost: InstanceHost) {
    this.#record = record;
    this.#host = instanceHost;
    if (record.gaveUp !== null) this.#giveUpAs(record.gaveUp);
  }

  get record(): Readonly<InstanceRecord> {
    return this.#record;
  }

  /** Where the output of the present start begins in its log. */
  get logStart(): number {
    return this.#logStart;
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** It crashed too often or never became ready; on the live colour it is tried all the same. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Why it is not ready, for a person; null when it is. */
  get reason(): string | null {
    if (this.#state === "ready") return null;
    return this.#record.gaveUp ?? this.#lastProbe ?? this.#record.lastExit;
  }

  /**
   * Takes over the process of the record when exactly that one still runs; otherwise starts a new one.
   *
   * @param wasReady whether the slot had been wholly ready when the earlier agent ended
   */
  async resume(wasReady: boolean): Promise<"adopted" | "started" | "idle"> {
    const { identity } = this.#record;
    if (this.#run !== null || this.#stopping !== null) return "idle";
    if (this.#record.gaveUp !== null && !this.#host.keepTrying()) return "idle";
    if (identity !== null && isAlive(identity)) {
      const run = { identity, child: null, startedMono: performance.now(), ended: false };
      // It has been answering; until a probe says otherwise the router must not lose it.
      this.#watch(run, wasReady);
      return "adopted";
    }
    await this.start();
    return "started";
  }

  /** Starts it. What can go wrong ends in a state, not in a rejection. */
  async start(): Promise<void> {
    if (this.#stopping !== null || this.#run !== null) return;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    await this.#starting;
  }

  async #start(): Promise<void> {
    this.#setState("starting");
    try {
      killRemains(this.#host.agentId, this.#record.id, this.#record.identity);
      const port = await this.#choosePort();
      if (this.#stopping !== null) return;
      this.#logStart = this.#host.logEnd();
      const spawned = await this.#host.spawn(this.#record, port);
      await this.#begin(spawned, port);
    } catch (error) {
      await this.#couldNotStart(error);
    }
  }

  /** Tries again, at once, what was given up: its colour is going live, or somebody asked. */
  async revive(): Promise<void> {
    if (this.#stopping !== null || this.#run !== null) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#fastExits = 0;
    this.#failed = false;
    await this.#save({ gaveUp: null });
    await this.start();
  }

  /** It is about to be killed on purpose: that is no crash, and it is started again as soon as after its first. */
  expectEnd(): void {
    this.#endExpected = this.#run !== null;
  }

  /** Stops it for good: signal, grace, then everything in its group and session is killed. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends the watching and leaves the process alone: the next agent takes it over. */
  abandon(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#stopping ??= Promise.resolve();
    this.#run = null;
  }

  async #stop(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#setState("stopping");
    await this.#starting;
    const { identity, id } = this.#record;
    const { signal, grace } = this.#record.stop;
    if (identity !== null && isAlive(identity)) {
      sendSignal(-identity.pid, signal);
      if (!(await waitGone(identity, grace))) {
        this.#host.note("instance-killed", { instance: id, after: `${grace} ms` });
      }
    }
    killRemains(this.#host.agentId, id, identity);
    if (identity !== null) await waitGone(identity, 5_000);
    await this.#host.stopped(this.#record);
    this.#run = null;
    this.#setState("exited");
  }

  async #choosePort(): Promise<number | null> {
    const { port } = this.#host.process;
    // In a network of its own every port is free; which one it takes is seen when it listens.
    if (port === "none" || port === "namespace") return null;
    return this.#host.reservePort(this.#record.port);
  }

  #findPort(run: Run): number | null {
    if (this.#record.port !== null) return this.#record.port;
    const [port] = portsOfFamily(run.identity.pid);
    if (port === undefined) return null;
    this.#save({ port }).catch(() => this.#saveLater(run));
    return port;
  }

  async #begin(spawned: StartedInstance, port: number | null): Promise<void> {
    const { child, identity, host } = spawned;
    const startedAt = new Date().toISOString();
    if (identity === null) {
      await this.#save({ identity: null, startedAt, host, port });
      const code = child.exitCode ?? (await exitOf(child));
      this.#ended(describeExit(code, child.signalCode), 0);
      return;
    }
    const run: Run = { identity, child, startedMono: performance.now(), ended: false };
    child.once("exit", (code, signal) => this.#onEnd(run, describeExit(code, signal)));
    this.#run = run;
    try {
      await this.#save({ identity, startedAt, host, port });
    } catch {
      // A full disk keeps no service down: it is noted as soon as that is possible. Should the agent be
      // killed before, the next one finds the process by its mark, ends it and starts a fresh one.
      void this.#saveLater(run);
    }
    if (run.ended) return;
    if (child.exitCode !== null || child.signalCode !== null) {
      this.#onEnd(run, describeExit(child.exitCode, child.signalCode));
      return;
    }
    this.#watch(run);
  }

  /** Follows one run until it ends: its life (when it is not our child) and its readiness. */
  #watch(run: Run, wasReady = false): void {
    this.#run = run;
    this.#wasReady = wasReady;
    if (this.#stopping !== null) return;
    this.#setState(wasReady ? "ready" : "starting");
    if (run.child === null) void this.#pollLife(run);
    void watchReadiness({
      ready: this.#host.process.ready,
      host: () => this.#record.host,
      listens: this.#host.process.port !== "none",
      port: () => this.#findPort(run),
      pid: run.identity.pid,
      startedMono: run.startedMono,
      wasReady,
      isCurrent: () => this.#run === run && !run.ended && this.#stopping === null,
      probed: (result) => {
        this.#lastProbe = result;
      },
      becameReady: () => this.#becameReady(run),
      becameUnready: () => this.#setState("unready"),
      tooSlow: (why) => void this.#neverReady(run, why),
    });
  }

  async #pollLife(run: Run): Promise<void> {
    while (this.#run === run && this.#stopping === null) {
      if (!isAlive(run.identity)) {
        this.#onEnd(run, "ended (it was started by an earlier agent, so its status is unknown)");
        return;
      }
      await sleep(adoptedPollMs, undefined, { ref: false });
    }
  }

  #becameReady(run: Run): void {
    const first = !this.#wasReady;
    this.#wasReady = true;
    this.#failed = false;
    this.#setState("ready");
    if (!first) return;
    const afterMs = Math.round(performance.now() - run.startedMono);
    this.#host.note("instance-ready", { instance: this.#record.id, afterMs });
  }

  async #neverReady(run: Run, why: string): Promise<void> {
    run.ended = true;
    this.#run = null;
    killRemains(this.#host.agentId, this.#record.id, run.identity);
    await waitGone(run.identity, 5_000);
    this.#host.note("instance-never-ready", { instance: this.#record.id, reason: why });
    this.#failed = true;
    this.#fastExits = this.#host.backoff.fastExitsToFail;
    this.#ended(why, performance.now() - run.startedMono);
  }

  #onEnd(run: Run, how: string): void {
    if (run.ended) return;
    run.ended = true;
    if (this.#run === run) this.#run = null;
    if (this.#stopping !== null) return;
    // What it forked must not go on without it, holding its port.
    killRemains(this.#host.agentId, this.#record.id, run.identity);
    this.#ended(how, performance.now() - run.startedMono);
  }

  #ended(how: string, livedMs: number): void {
    if (this.#stopping !== null) return;
    const planned = this.#endExpected;
    this.#endExpected = false;
    const next = nextStart(this.#host.backoff, {
      fastExits: planned ? 0 : this.#fastExits,
      livedMs,
      wasReady: this.#wasReady,
    });
    this.#fastExits = next.fastExits;
    this.#failed ||= next.failed;
    this.#lastProbe = null;
    this.#host.note("instance-exit", {
      instance: this.#record.id,
      how,
      livedMs: Math.round(livedMs),
      ...(planned ? { planned } : {}),
    });
    if (next.failed && !this.#host.keepTrying()) {
      this.#giveUp(how);
      return;
    }
    this.#record = {
      ...this.#record,
      identity: null,
      lastExit: how,
      restarts: this.#record.restarts + 1,
    };
    this.#setState("backoff");
    this.#retry = setTimeout(() => void this.start(), next.delayMs);
  }

  async #couldNotStart(error: unknown): Promise<void> {
    if (this.#stopping !== null) return;
    const known = asTidelockError(error);
    this.#failed = true;
    if (known.code === "invalid-input" && !this.#host.keepTrying()) this.#giveUp(known.message);
    else this.#ended(known.message, 0);
  }

  #giveUp(how: string): void {
    const reason = `it failed ${this.#fastExits} times, last: ${how}`;
    this.#giveUpAs(this.#fastExits > 1 ? reason : how);
    this.#save({ identity: null, lastExit: how, gaveUp: this.#record.gaveUp }).catch(
      () => undefined,
    );
    this.#host.changed();
  }

  #giveUpAs(reason: string): void {
    this.#failed = true;
    this.#record = { ...this.#record, gaveUp: reason };
    this.#state = "exited";
  }

  async #save(change: Partial<InstanceRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await this.#host.save(this.#record);
  }

  async #saveLater(run: Run): Promise<void> {
    while (this.#run === run && this.#stopping === null) {
      await sleep(saveAgainMs, undefined, { ref: false });
      const saved = await this.#save({}).then(
        () => true,
        () => false,
      );
      if (saved) return;
    }
  }

  #setState(state: InstanceState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#host.changed();
  }
}
