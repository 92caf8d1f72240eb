import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { asTidelockError } from "../../model/errors.ts";
import type { InstanceState } from "../../ports/host-agent.ts";
import { type ProcessIdentity, isAlive } from "../os/identity.ts";
import { sendSignal } from "../os/process-table.ts";
import { ownerInFamily } from "../os/sockets.ts";
import type { ParsedProcess } from "../slots/spec.ts";
import type { InstanceRecord } from "../state/schema.ts";
import { type BackoffPolicy, nextStart } from "./backoff.ts";
import { type ProbeResult, probe } from "./readiness.ts";
import { type Spawned, describeExit } from "./spawn.ts";
import { killRemains, waitGone } from "./sweep.ts";

/** What an instance needs of the slot it belongs to. */
export interface InstanceHost {
  readonly agentId: string;
  readonly process: ParsedProcess;
  readonly backoff: BackoffPolicy;
  /** Makes the record durable; rejects when the disk is full. */
  save(record: InstanceRecord): Promise<void>;
  /** Starts the program with this port. Throws when the command cannot be run. */
  spawn(record: InstanceRecord, port: number | null): Promise<Spawned>;
  /** Offset behind the last byte of its log. */
  logEnd(): number;
  /** Promises a free port to this instance, the one it had before if possible. */
  reservePort(before: number | null): Promise<number>;
  /** Whether it shall be tried for ever: true on the live colour. */
  keepTrying(): boolean;
  /** Something that an observer or the router wants to know has changed. */
  changed(): void;
  note(kind: string, detail: Record<string, unknown>): void;
}

const host = "127.0.0.1";
/** An adopted process is nobody's child: its end is found by looking. Milliseconds. */
const adoptedPollMs = 100;
/** While it starts, a probe comes sooner than the declared interval. Milliseconds. */
const startingPollMs = 50;
/** After this many probes in a row without the declared answer, a ready instance is ready no more. */
const failuresToUnready = 2;
/** For a process that declares a probe but has no port to probe. Milliseconds. */
const aliveForMs = 2_000;

interface Run {
  readonly identity: ProcessIdentity;
  /** Null for an adopted one. */
  readonly child: ChildProcess | null;
  readonly startedMono: number;
  ended: boolean;
}

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
      this.#watch({ identity, child: null, startedMono: performance.now(), ended: false });
      // It has been answering; until a probe says otherwise the router must not lose it.
      if (wasReady) this.#state = "ready";
      this.#wasReady = wasReady;
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
    this.#run = null;
    this.#setState("exited");
  }

  async #choosePort(): Promise<number | null> {
    if (this.#host.process.port === "none") return null;
    return this.#host.reservePort(this.#record.port);
  }

  async #begin(spawned: Spawned, port: number | null): Promise<void> {
    const { child, identity } = spawned;
    const startedAt = new Date().toISOString();
    if (identity === null) {
      await this.#save({ identity: null, startedAt, port });
      const code = child.exitCode ?? (await exitOf(child));
      this.#ended(describeExit(code, child.signalCode), 0);
      return;
    }
    const run: Run = { identity, child, startedMono: performance.now(), ended: false };
    child.once("exit", (code, signal) => this.#onEnd(run, describeExit(code, signal)));
    this.#run = run;
    try {
      await this.#save({ identity, startedAt, port });
    } catch (error) {
      // What is not on record must not run: after a crash nobody would know it.
      run.ended = true;
      this.#run = null;
      killRemains(this.#host.agentId, this.#record.id, identity);
      throw error;
    }
    if (run.ended) return;
    if (child.exitCode !== null || child.signalCode !== null) {
      this.#onEnd(run, describeExit(child.exitCode, child.signalCode));
      return;
    }
    this.#watch(run);
  }

  /** Follows one run until it ends: its life (when it is not our child) and its readiness. */
  #watch(run: Run): void {
    this.#run = run;
    this.#wasReady = false;
    if (this.#stopping !== null) return;
    this.#setState("starting");
    if (run.child === null) void this.#pollLife(run);
    void this.#pollReadiness(run);
  }

  async #pollLife(run: Run): Promise<void> {
    while (this.#isCurrent(run)) {
      if (!isAlive(run.identity)) {
        this.#onEnd(run, "ended (it was started by an earlier agent, so its status is unknown)");
        return;
      }
      await sleep(adoptedPollMs, undefined, { ref: false });
    }
  }

  async #pollReadiness(run: Run): Promise<void> {
    let failures = 0;
    while (this.#isCurrent(run)) {
      const result = await this.#probeOnce(run);
      if (!this.#isCurrent(run)) return;
      failures = result === null ? 0 : failures + 1;
      this.#lastProbe = result;
      if (result === null) this.#becameReady(run);
      else if (this.#state === "ready" && failures >= failuresToUnready) this.#setState("unready");
      if (!this.#wasReady && this.#isTooSlow(run)) {
        await this.#neverReady(run);
        return;
      }
      await sleep(this.#nextProbeMs(failures), undefined, { ref: false });
    }
  }

  async #probeOnce(run: Run): Promise<ProbeResult> {
    const { ready } = this.#host.process;
    const { port } = this.#record;
    if (ready.kind === "alive" || port === null) {
      const wanted = ready.kind === "alive" ? ready.for : aliveForMs;
      const age = performance.now() - run.startedMono;
      return age >= wanted ? null : `alive for ${Math.round(age)} of ${wanted} ms`;
    }
    const answer = await probe(ready, host, port);
    if (answer !== null || this.#state === "ready" || process.platform !== "linux") return answer;
    // Somebody else may have taken the port first: only an answer of our own process counts.
    return ownerInFamily(run.identity.pid, port) === null
      ? `port ${port} answers, but not from this process`
      : null;
  }

  #nextProbeMs(failures: number): number {
    const { ready } = this.#host.process;
    const interval = ready.kind === "alive" ? 500 : ready.interval;
    if (this.#state === "ready" && failures === 0) return Math.max(interval, 20);
    return Math.min(Math.max(interval, 20), this.#wasReady ? 100 : startingPollMs);
  }

  #becameReady(run: Run): void {
    const first = !this.#wasReady;
    this.#wasReady = true;
    this.#failed = false;
    if (this.#state === "ready") return;
    this.#setState("ready");
    if (first) {
      const ms = Math.round(performance.now() - run.startedMono);
      this.#host.note("instance-ready", { instance: this.#record.id, afterMs: ms });
    }
  }

  #isTooSlow(run: Run): boolean {
    const { ready } = this.#host.process;
    if (ready.kind === "alive") return false;
    return performance.now() - run.startedMono > ready.timeout;
  }

  async #neverReady(run: Run): Promise<void> {
    const { ready } = this.#host.process;
    const limit = ready.kind === "alive" ? 0 : ready.timeout;
    const why = `not ready in ${limit} ms: ${this.#lastProbe ?? "no answer"}`;
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
    const next = nextStart(this.#host.backoff, {
      fastExits: this.#fastExits,
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

  #isCurrent(run: Run): boolean {
    return this.#run === run && !run.ended && this.#stopping === null;
  }

  async #save(change: Partial<InstanceRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await this.#host.save(this.#record);
  }

  #setState(state: InstanceState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#host.changed();
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}
