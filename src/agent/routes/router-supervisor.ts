import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TidelockError } from "../../model/errors.ts";
import { socketPath } from "../../model/layout.ts";
import { compileCache } from "../os/compile-cache.ts";
import { writeAtomically } from "../os/durable.ts";
import { type ProcessIdentity, isAlive } from "../os/identity.ts";
import { sendSignal } from "../os/process-table.ts";
import { type Parts, report } from "../parts.ts";
import { markers } from "../processes/environment.ts";
import { describeExit, spawnDetached } from "../processes/spawn.ts";
import { killRemains, waitGone } from "../processes/sweep.ts";
import type { RouterAnswer, RouterLane, RouterTraffic } from "../router-control.ts";
import { RouterState } from "../router-control.ts";
import { loadRouter, readRouter, readTraffic, stopRouter } from "./control.ts";
import { inheritedSockets } from "./inherited-sockets.ts";
import { Latest } from "./latest.ts";

/** An adopted router's end is found by looking; users wait meanwhile. Milliseconds. */
const adoptedPollMs = 50;
/** A new router loads its code and binds its ports. Milliseconds. */
const startTimeout = 10_000;
/** One that says nothing for so long hangs, and is replaced. Milliseconds. */
const hungAfterMs = 20_000;
const hungPollMs = 4_000;
/** Between starts of a router that ends at once. Milliseconds. */
const restartDelays = [0, 100, 300, 1_000];
const drainMarginMs = 3_000;
const shutdownDrainMs = 2_000;

/** Beside us, in the form that we run in: .ts in the repository, .js in the package. */
export const routerProgram = fileURLToPath(
  new URL(`../router/main${extname(import.meta.url)}`, import.meta.url),
);

/** All routers of one agent run as one user. */
export const routerOwner = "router";

interface RouterProcess {
  readonly identity: ProcessIdentity;
  /** Its mark. */
  readonly instance: string;
}

/**
 * The router process of one environment: started, told what to do, asked what it does, started again when
 * it ends, adopted after the agent was killed. What it shall do is on disk before it is told, so that a
 * router which is started without anybody to talk to serves the right thing.
 */
export class RouterSupervisor {
  readonly environment: string;
  readonly #parts: Parts;
  readonly #publicKey: string;
  readonly #lanes: () => RouterLane[];
  readonly #stateFile: string;
  readonly #socket: string;
  readonly #applying: Latest<RouterAnswer | null>;
  #generation = 0;
  #applied = "";
  #drainMs = 0;
  #process: RouterProcess | null = null;
  readonly #leaving = new Set<Promise<void>>();
  #starts = 0;
  #startedMono = 0;
  #closed = false;

  /** @param lanes what the router shall do now; asked again for every change */
  constructor(parts: Parts, environment: string, publicKey: string, lanes: () => RouterLane[]) {
    this.#parts = parts;
    this.environment = environment;
    this.#publicKey = publicKey;
    this.#lanes = lanes;
    this.#stateFile = join(parts.paths.agent, `router-${environment}.json`);
    this.#socket = socketPath(parts.paths.agent, `router-${environment}.sock`);
    this.#applying = new Latest(() => this.#applyOnce());
  }

  /** Takes over a router that an earlier agent started. */
  async restore(): Promise<void> {
    this.#generation = await this.#generationOnDisk();
    await this.#parts.users.allocate(routerOwner, "router");
    const record = this.#parts.store.current.routers[this.environment];
    if (record !== undefined && isAlive(record.identity)) {
      this.#follow(record, null);
      await this.#parts.journal.note({
        kind: "adopt",
        detail: { router: this.environment, pid: record.identity.pid },
      });
    }
    void this.#watchForHang();
  }

  /** Makes the router do what it shall, and returns what it says it does. Null when it has nothing to do. */
  apply(): Promise<RouterAnswer | null> {
    return this.#applying.run();
  }

  /** As `apply`, but only when something differs, and tried again by itself when it fails. */
  refresh(): void {
    if (this.#closed || JSON.stringify(this.#lanes()) === this.#applied) return;
    this.apply().catch(async (error: unknown) => {
      report(`router ${this.environment}: ${String(error)}; trying again`);
      await sleep(500);
      this.refresh();
    });
  }

  /** Returns when the router has taken in every change of before this call, or cannot be reached. */
  async settled(): Promise<void> {
    if (JSON.stringify(this.#lanes()) !== this.#applied) await this.apply().catch(() => undefined);
  }

  async read(): Promise<RouterAnswer> {
    return readRouter(this.#socket);
  }

  async traffic(): Promise<RouterTraffic> {
    return readTraffic(this.#socket);
  }

  /** Ends the router, letting what is under way end first, within reason: somebody waits for this. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#drainMs = Math.min(this.#drainMs, shutdownDrainMs);
    await this.#end();
    await Promise.all(this.#leaving);
  }

  /** Ends the watching; the router goes on. */
  close(): void {
    this.#closed = true;
  }

  async #applyOnce(): Promise<RouterAnswer | null> {
    const lanes = this.#lanes();
    if (lanes.length === 0) {
      await this.#end();
      this.#applied = "[]";
      return null;
    }
    this.#generation += 1;
    const state = this.#state(lanes);
    await writeAtomically(this.#stateFile, JSON.stringify(state));
    const answer = await this.#bring(state);
    this.#applied = JSON.stringify(lanes);
    this.#drainMs = Math.max(...lanes.map(({ route }) => route.drainMs));
    return answer;
  }

  #state(lanes: RouterLane[]): RouterState {
    const user = this.#parts.users.numberOf(routerOwner);
    return RouterState.parse({
      formatVersion: 1,
      environment: this.environment,
      generation: this.#generation,
      lanes,
      testerPublicKey: this.#publicKey,
      accessLog: join(this.#parts.paths.logs, `access-${this.environment}.log`),
      runAs: user === null ? null : { uid: user, gid: user },
    });
  }

  /** Loads into the router that runs; starts one when none does, or when it ends under our hands. */
  async #bring(state: RouterState): Promise<RouterAnswer> {
    const running = this.#process?.identity;
    if (running !== undefined && isAlive(running)) {
      try {
        return await loadRouter(this.#socket, state);
      } catch (error) {
        const gone = error instanceof TidelockError && error.code === "unavailable";
        if (!gone || isAlive(running)) throw error;
      }
    }
    await this.#spawn();
    return this.#untilServing(state.generation);
  }

  async #untilServing(generation: number): Promise<RouterAnswer> {
    const deadline = performance.now() + startTimeout;
    for (;;) {
      try {
        const answer = await readRouter(this.#socket);
        if (answer.generation >= generation) return answer;
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
      if (performance.now() > deadline || this.#process === null) {
        throw new TidelockError("unavailable", "the router did not come up", {
          where: this.#logFile,
          retryable: true,
          hint: "its log says why",
        });
      }
      await sleep(15);
    }
  }

  async #spawn(): Promise<void> {
    const { paths, agentId } = this.#parts;
    const instance = `router-${this.environment}-${randomBytes(4).toString("hex")}`;
    const before = this.#process;
    if (before !== null) killRemains(agentId, before.instance, before.identity);
    await rm(this.#socket, { force: true });
    mkdirSync(paths.logs, { recursive: true, mode: 0o700 });
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
    const log = openSync(this.#logFile, flags, 0o600);
    const sockets = inheritedSockets();
    try {
      const { child, identity } = await spawnDetached({
        argv: [process.execPath, routerProgram, this.#stateFile],
        cwd: "/",
        env: {
          ...compileCache(paths),
          ...(sockets.length === 0 ? {} : { TIDELOCK_LISTEN_FDS: String(sockets.length) }),
          ...(process.env["XDG_RUNTIME_DIR"] === undefined
            ? {}
            : { XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"] }),
          ...(process.env["TMPDIR"] === undefined ? {} : { TMPDIR: process.env["TMPDIR"] }),
          [markers.agent]: agentId,
          [markers.instance]: instance,
        },
        user: null,
        log,
        extra: sockets,
      });
      if (identity === null) throw new TidelockError("unavailable", "the router ended at once");
      this.#follow({ identity, instance }, child);
      await this.#parts.store.update((draft) => {
        draft.routers[this.environment] = { identity, instance };
      });
    } finally {
      closeSync(log);
    }
  }

  #follow(router: RouterProcess, child: ChildProcess | null): void {
    this.#process = router;
    this.#startedMono = performance.now();
    const ended = (how: string): void => {
      if (this.#process !== router || this.#closed) return;
      this.#process = null;
      void this.#restart(how);
    };
    if (child === null) void this.#pollLife(router, ended);
    else child.once("exit", (code, signal) => ended(describeExit(code, signal)));
  }

  async #pollLife(router: RouterProcess, ended: (how: string) => void): Promise<void> {
    while (this.#process === router && !this.#closed) {
      if (!isAlive(router.identity)) {
        ended("ended");
        return;
      }
      await sleep(adoptedPollMs, undefined, { ref: false });
    }
  }

  /** The router ended although it should not have: back at once, slower when it keeps ending. */
  async #restart(how: string): Promise<void> {
    this.#starts = performance.now() - this.#startedMono > 10_000 ? 0 : this.#starts + 1;
    const delay = restartDelays[Math.min(this.#starts, restartDelays.length) - 1] ?? 0;
    report(`router ${this.environment} ${how}; starting it again`);
    void this.#parts.journal.note({
      kind: "router-exit",
      detail: { router: this.environment, how },
    });
    if (delay > 0) await sleep(delay);
    if (this.#closed || this.#lanes().length === 0) return;
    this.#applied = "";
    this.refresh();
  }

  async #watchForHang(): Promise<void> {
    let silentSince: number | null = null;
    while (!this.#closed) {
      await sleep(hungPollMs, undefined, { ref: false });
      const identity = this.#process?.identity;
      if (identity === undefined || this.#closed) continue;
      const answered = await readRouter(this.#socket).then(
        () => true,
        () => false,
      );
      const now = performance.now();
      silentSince = answered ? null : (silentSince ?? now - hungPollMs);
      if (silentSince === null || now - silentSince < hungAfterMs) continue;
      report(`router ${this.environment} hangs; killing it`);
      if (isAlive(identity)) sendSignal(identity.pid, "SIGKILL");
      silentSince = null;
    }
  }

  /** Lets the router leave: it accepts nothing any more, and what is under way ends on its own time. */
  async #end(): Promise<void> {
    const router = this.#process;
    this.#process = null;
    if (router !== null && isAlive(router.identity)) {
      await stopRouter(this.#socket).catch(() => undefined);
      const gone = this.#seeOff(router).finally(() => this.#leaving.delete(gone));
      this.#leaving.add(gone);
    }
    await rm(this.#stateFile, { force: true });
    await rm(this.#socket, { force: true });
    if (this.#parts.store.current.routers[this.environment] === undefined) return;
    await this.#parts.store.update((draft) => {
      delete draft.routers[this.environment];
    });
  }

  async #seeOff({ identity, instance }: RouterProcess): Promise<void> {
    await waitGone(identity, this.#drainMs + drainMarginMs);
    killRemains(this.#parts.agentId, instance, identity);
  }

  async #generationOnDisk(): Promise<number> {
    try {
      return RouterState.parse(JSON.parse(await readFile(this.#stateFile, "utf8"))).generation;
    } catch {
      return 0;
    }
  }

  get #logFile(): string {
    return join(this.#parts.paths.logs, `router-${this.environment}.log`);
  }
}
