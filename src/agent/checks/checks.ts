import { createHmac } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { canonicalJson } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import { laneKey } from "../../model/primitives.ts";
import type { CheckProcess } from "../../ports/host-agent.ts";
import { parseLane, requireSameLane } from "../lanes.ts";
import { compileCache } from "../os/compile-cache.ts";
import { syncDirectory, writeDurably } from "../os/durable.ts";
import { isAlive } from "../os/identity.ts";
import { removeTree } from "../../tree/remove-tree.ts";
import { killUser, sendSignal } from "../os/process-table.ts";
import { type Parts, report } from "../parts.ts";
import { markers } from "../processes/environment.ts";
import { spawnDetached } from "../processes/spawn.ts";
import { killRemains, waitGone } from "../processes/sweep.ts";
import { freshFolder, removeUserFolder } from "../slots/delivery.ts";
import type { Slots } from "../slots/slots.ts";
import { slotProgram } from "./slot-program.ts";
import { readOutput, readPage } from "./output.ts";
import { forgetOld } from "./retention.ts";
import { type StartRequest, makeTask } from "./task.ts";
import {
  type RunFiles,
  RunRecord,
  RunResult,
  RunnerIdentity,
  filesOf,
  readJson,
  runFiles,
} from "./run-files.ts";

/** A runner writes its identity first thing; until then it may be on its way. Milliseconds. */
const startingMs = 10_000;
const pollMs = 250;

/**
 * Programs that test a release: each once, as a user that runs nothing else, in a session of its own, with
 * the release's tree (read-only) or an empty folder, nothing inherited and a limit on time and output.
 */
export class Checks {
  readonly #parts: Parts;
  readonly #slots: Slots;
  readonly #contentKey: Buffer;
  readonly #folder: string;
  #timer: NodeJS.Timeout | null = null;
  /** Runs that are being begun: their folder is there before their record. */
  readonly #beginning = new Set<string>();
  #cleaning = false;

  constructor(parts: Parts, slots: Slots, contentKey: Buffer) {
    this.#parts = parts;
    this.#slots = slots;
    this.#contentKey = contentKey;
    this.#folder = join(parts.paths.agent, "checks");
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Watches for runs that ended, so that nothing of theirs stays. */
  start(): void {
    this.#timer = setInterval(() => void this.#clean(), pollMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Marks of the runs that may be under way; whoever carries another mark of a check is a stray. */
  async livingMarks(): Promise<readonly string[]> {
    const marks: string[] = [];
    for (const files of await this.#runs()) {
      if ((await readJson(files.result, RunResult)) === null) marks.push(markOf(files));
    }
    return marks;
  }

  async begin(request: StartRequest): Promise<void> {
    if (request.fence !== null) parseLane(request.fence.lane);
    refuseForeignSlot(request);
    const cwd = await this.#treeOf(request);
    const content = createHmac("sha256", this.#contentKey)
      .update(canonicalJson({ ...request, fence: request.fence?.lane ?? null }))
      .digest("hex");
    const { id } = runFiles(this.#folder, request.run);
    this.#beginning.add(id);
    try {
      const begin = (): Promise<void> => this.#begin(request, cwd, content);
      await (request.fence === null ? begin() : this.#parts.lanes.fenced(request.fence, begin));
    } finally {
      this.#beginning.delete(id);
    }
  }

  async observe(run: string): Promise<CheckProcess> {
    const files = runFiles(this.#folder, run);
    const record = await readJson(files.record, RunRecord);
    if (record === null) return nothing("absent", 0);
    const result = await readJson(files.result, RunResult);
    if (result === null) return this.#unfinished(files, record);
    const output = await readOutput(files);
    const { stdout, stderr, cut } = output;
    const { kept } = result;
    if (kept !== undefined && output.bytes < kept.stdout.bytes + kept.stderr.bytes) {
      // Dropped since, or lost with the power: what it wrote is not known any more.
      return nothing("unknown", result.durationMs);
    }
    const error = result.error === null ? "" : `\n${result.error}`;
    return {
      state: "finished",
      exitCode: result.exitCode,
      signal: result.signal,
      timedOut: result.timedOut,
      stdout,
      stderr: `${stderr}${error}`,
      truncated: result.truncated || cut,
      durationMs: result.durationMs,
      ...(kept === undefined || result.error !== null
        ? {}
        : { kept: { ...kept, more: cut, limited: result.truncated } }),
    };
  }

  /** A page of what a run wrote, as base64. Throws `not-found` for a run that has not ended. */
  async read(
    run: string,
    stream: "stdout" | "stderr",
    offset: number,
  ): Promise<{ readonly data: string }> {
    const files = runFiles(this.#folder, run);
    const page =
      (await readJson(files.result, RunResult)) === null
        ? null
        : await readPage(files[stream], offset);
    if (page !== null) return { data: page.toString("base64") };
    throw new TidelockError("not-found", `what run ${run} wrote is not there`, {
      where: run,
      fault: "environment",
    });
  }

  async end(run: string): Promise<void> {
    const files = runFiles(this.#folder, run);
    const record = await readJson(files.record, RunRecord);
    if (record === null || (await readJson(files.result, RunResult)) !== null) return;
    const runner = await this.#runnerOf(files);
    if (runner !== null && isAlive(runner)) {
      sendSignal(runner.pid, "SIGTERM");
      await waitGone(runner, 6_000);
    }
    killRemains(this.#parts.agentId, markOf(files), runner);
    if (record.user !== null && record.ownUser) killUser(record.user);
  }

  async stopAll(): Promise<void> {
    for (const files of await this.#runs()) {
      const record = await readJson(files.record, RunRecord);
      if (record !== null) await this.end(record.run);
    }
    await this.#clean();
  }

  /** Digests of the trees that runs are working in. */
  async treesInUse(): Promise<readonly RunRecord["tree"][]> {
    const trees: RunRecord["tree"][] = [];
    for (const files of await this.#runs()) {
      if ((await readJson(files.result, RunResult)) !== null) continue;
      trees.push((await readJson(files.record, RunRecord))?.tree ?? null);
    }
    return trees;
  }

  async #begin(request: StartRequest, cwd: string | null, content: string): Promise<void> {
    const files = runFiles(this.#folder, request.run);
    const known = await readJson(files.record, RunRecord);
    if (known !== null) {
      if (known.content === content) return;
      throw new TidelockError(
        "conflict",
        `run ${request.run} was already used for another program`,
        {
          where: request.run,
          fault: "bug",
        },
      );
    }
    // A folder without a record: killed before anything was started.
    await removeTree(files.directory);
    const slot =
      request.slot === undefined
        ? null
        : await slotProgram(this.#parts, this.#slots.runner(request.slot));
    const user =
      slot === null ? await this.#parts.users.allocate(`check:${files.id}`, "check") : slot.user;
    const record: RunRecord = {
      run: request.run,
      lane: request.fence?.lane ?? null,
      content,
      startedAt: Date.now(),
      tree: request.tree,
      timeoutMs: request.timeoutMs,
      user,
      ownUser: slot === null && user !== null,
    };
    const home = this.#home(files);
    await freshFolder(home, user);
    const task = makeTask(
      this.#parts,
      request,
      record,
      { cwd: cwd ?? home, home },
      slot,
      markOf(files),
    );
    await mkdir(files.directory, { mode: 0o700 });
    await syncDirectory(this.#folder);
    await writeDurably(files.task, JSON.stringify(task));
    // From here on it counts as begun, whatever becomes of us.
    await writeDurably(files.record, JSON.stringify(record));
    await this.#spawnRunner(files);
    await this.#parts.journal.note({
      kind: "check",
      ...(record.lane === null ? {} : { lane: record.lane }),
      operation: request.run,
      detail: { program: request.argv[0] ?? "", tree: request.tree },
    });
  }

  async #spawnRunner(files: RunFiles): Promise<void> {
    const program = new URL(`./runner${extname(import.meta.url)}`, import.meta.url);
    const log = openSync(join(this.#parts.paths.logs, "checks.log"), "a", 0o600);
    try {
      await spawnDetached({
        argv: [process.execPath, fileURLToPath(program), files.directory],
        cwd: "/",
        env: {
          ...compileCache(this.#parts.paths),
          [markers.agent]: this.#parts.agentId,
          [markers.instance]: markOf(files),
        },
        user: null,
        log,
      });
    } finally {
      closeSync(log);
    }
  }

  /**
   * The unpacked tree to run in, after it was compared with its digest; null for an empty folder. One that
   * was changed or never unpacked is unpacked again from the content store.
   */
  async #treeOf(request: StartRequest): Promise<string | null> {
    const spec = request.slot === undefined ? null : this.#slots.runner(request.slot).record?.spec;
    const digest = request.tree ?? spec?.artifacts[0]?.digest ?? null;
    return digest === null ? null : this.#parts.artifacts.restore(digest);
  }

  async #unfinished(files: RunFiles, record: RunRecord): Promise<CheckProcess> {
    const age = Date.now() - record.startedAt;
    const runner = await this.#runnerOf(files);
    const running = runner === null ? age < startingMs : isAlive(runner);
    if (!running) {
      // It may have written its result between our two looks.
      const result = await readJson(files.result, RunResult);
      if (result !== null) return this.observe(record.run);
    }
    const { stdout, stderr, cut } = await readOutput(files);
    return { ...nothing(running ? "running" : "unknown", age), stdout, stderr, truncated: cut };
  }

  #runnerOf(files: RunFiles): Promise<z.infer<typeof RunnerIdentity> | null> {
    return readJson(files.runner, RunnerIdentity);
  }

  /** Private folders and users of runs that ended are given back; their strays are killed. */
  async #clean(): Promise<void> {
    if (this.#cleaning) return;
    this.#cleaning = true;
    try {
      const ids = await readdir(this.#parts.paths.checks);
      for (const id of ids) if (!this.#beginning.has(id)) await this.#release(id);
      if (ids.length > 0) await forgetOld(await this.#runs());
    } catch (error) {
      report(`checks: ${String(error)}`);
    } finally {
      this.#cleaning = false;
    }
  }

  async #release(id: string): Promise<void> {
    const files = filesOf(this.#folder, id);
    const record = await readJson(files.record, RunRecord);
    const open = record !== null && (await readJson(files.result, RunResult)) === null;
    if (open && (await this.#unfinished(files, record)).state === "running") return;
    killRemains(this.#parts.agentId, markOf(files), null);
    const owner = `check:${id}`;
    const user = this.#parts.users.numberOf(owner);
    // Its number goes to nobody else while something runs under it; the next look tries again.
    if (user !== null && !killUser(user)) return;
    await removeUserFolder(this.#home(files));
    await this.#parts.users.release(owner);
  }

  async #runs(): Promise<readonly RunFiles[]> {
    const names = await readdir(this.#folder);
    return names.map((id) => filesOf(this.#folder, id));
  }

  #home(files: RunFiles): string {
    return join(this.#parts.paths.checks, files.id);
  }
}

/** For a slot runs only who shows the fence of its lane. */
function refuseForeignSlot({ slot, fence }: StartRequest): void {
  if (slot === undefined) return;
  if (fence !== null) {
    requireSameLane(fence, laneKey(slot));
    return;
  }
  throw new TidelockError("invalid-input", "a program for a slot needs a fence", {
    where: "fence",
    fault: "bug",
  });
}

function markOf(files: RunFiles): string {
  return `check-${files.id}`;
}

function nothing(state: CheckProcess["state"], durationMs: number): CheckProcess {
  return {
    state,
    exitCode: null,
    signal: null,
    timedOut: false,
    stdout: "",
    stderr: "",
    truncated: false,
    durationMs,
  };
}
