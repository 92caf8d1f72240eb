import { spawn } from "node:child_process";
import { mkdtemp, mkdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { CheckReport } from "../../src/model/verdict.ts";
import type { Check } from "../../src/ports/check.ts";
import type { CheckProcess, HostAgent, MethodName, Params } from "../../src/ports/host-agent.ts";
import { runCheck } from "../../src/checks/run.ts";
import { removeTree } from "../../src/tree/remove-tree.ts";
import { parsers } from "../../src/findings/parsers/index.ts";
import type { Observation } from "../../src/model/observation.ts";
import { checkContext } from "./check-context.ts";
import { testTools } from "./optional.ts";

/** Content by path, or where a link points to. */
export type Files = Readonly<Record<string, string | { readonly link: string }>>;

/**
 * The agent's calls for checks, with real processes in a scanned folder, an empty home and an environment
 * made from nothing; without its users and its disk.
 */
export class ToolAgent implements HostAgent, AsyncDisposable {
  readonly started: Params<"check.start">[] = [];
  readonly folder: string;
  readonly #runs = new Map<string, CheckProcess>();
  readonly #kill = new Map<string, () => void>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async with(files: Files): Promise<ToolAgent> {
    const agent = new ToolAgent(await mkdtemp(join(tmpdir(), "tl-tool-")));
    for (const folder of ["tree", "home", "bin"]) await mkdir(join(agent.folder, folder));
    await writeFiles(join(agent.folder, "tree"), files);
    return agent;
  }

  /** Puts a program of our own where tools are looked for first. */
  async program(name: string, script: string): Promise<void> {
    await writeFile(join(this.folder, "bin", name), script, { mode: 0o755 });
  }

  get tree(): string {
    return join(this.folder, "tree");
  }

  call: HostAgent["call"] = async (method, params) => {
    const answer: unknown = this.#answer(method, params as never);
    return answer as never;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const kill of this.#kill.values()) kill();
    await removeTree(this.folder);
  }

  #answer(method: MethodName, params: Params<"check.start">): unknown {
    if (method === "check.start") {
      if (!this.#runs.has(params.run)) this.#start(params);
      return {};
    }
    if (method === "check.observe") return this.#runs.get(params.run) ?? state("absent");
    if (method === "check.stop") {
      this.#kill.get(params.run)?.();
      return {};
    }
    throw new Error(`unexpected ${method}`);
  }

  #start(params: Params<"check.start">): void {
    this.started.push(params);
    const [, ...args] = params.argv;
    const home = join(this.folder, "home");
    const child = spawn(process.execPath, args, {
      cwd: params.tree === null ? home : this.tree,
      env: {
        ...params.env,
        PATH: "/usr/local/bin:/usr/bin:/bin",
        HOME: home,
        TMPDIR: home,
        LANG: "C.UTF-8",
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const began = performance.now();
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // Gone.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, params.timeoutMs);
    this.#kill.set(params.run, kill);
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    this.#runs.set(params.run, state("running"));
    child.on("close", (exitCode, signal) => {
      clearTimeout(timer);
      const text = (parts: readonly Buffer[]) =>
        Buffer.concat(parts).subarray(0, params.outputBytes).toString("utf8");
      this.#runs.set(params.run, {
        ...state("finished"),
        exitCode: timedOut ? null : exitCode,
        signal: timedOut ? null : signal,
        timedOut,
        stdout: text(out),
        stderr: text(err),
        truncated: Buffer.concat(out).length > params.outputBytes,
        durationMs: performance.now() - began,
      });
    });
  }
}

function state(now: CheckProcess["state"]): CheckProcess {
  return {
    state: now,
    exitCode: null,
    signal: null,
    timedOut: false,
    stdout: "",
    stderr: "",
    truncated: false,
    durationMs: 0,
  };
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    if (typeof text === "string") await writeFile(join(folder, name), text);
    else await symlink(text.link, join(folder, name));
  }
}

/** What the parser of its format reads out of a check's raw report. */
export function observationsIn(report: CheckReport): readonly Observation[] {
  const parser = parsers.get(report.raw?.format ?? "");
  if (parser === undefined) throw new Error(`no report to read: ${report.summary}`);
  return parser.parse(report.raw?.text ?? "").observations;
}

/** `rule path:line`, sorted: what a scan of files hit. */
export function hitsIn(report: CheckReport): readonly string[] {
  return observationsIn(report)
    .map(({ rule, place }) =>
      place.kind === "file" ? `${rule} ${place.path}:${place.line}` : rule,
    )
    .sort();
}

/** Runs a tool's check on a tree of these files, as the engine would; `bin` comes first among its folders. */
export async function checkTree(
  check: Check,
  tree: Files | ToolAgent,
  configuration: Record<string, unknown> = {},
  more: { readonly timeout?: number; readonly instances?: readonly string[] } = {},
): Promise<CheckReport> {
  const own = tree instanceof ToolAgent ? null : await ToolAgent.with(tree);
  const agent = own ?? (tree as ToolAgent);
  const before = process.env["TIDELOCK_TOOLS"];
  const folders = [join(agent.folder, "bin"), join(testTools, "bin")];
  process.env["TIDELOCK_TOOLS"] = [...folders, ...(before === undefined ? [] : [before])].join(
    delimiter,
  );
  try {
    const context = checkContext({ agent, instances: more.instances ?? [] });
    const demand = { name: check.id, with: configuration, timeout: more.timeout ?? 120_000 };
    return await runCheck(check, context, demand);
  } finally {
    if (before === undefined) delete process.env["TIDELOCK_TOOLS"];
    else process.env["TIDELOCK_TOOLS"] = before;
    await own?.[Symbol.asyncDispose]();
  }
}
