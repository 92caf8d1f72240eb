import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import type { InstalledTool } from "./checks/tool/installed.ts";
import { TidelockError } from "./model/errors.ts";
import type { CheckDemand } from "./model/pipeline.ts";
import type { Digest } from "./model/primitives.ts";
import type { CheckReport } from "./model/verdict.ts";
import { type Layout, layout } from "./model/layout.ts";
import type { Check } from "./ports/check.ts";
import type { AgentInfo, HostAgent } from "./ports/host-agent.ts";
import { isRunning } from "./store/process-identity.ts";
import { findMachineKey, findServers, type ServerRecord } from "./store/server-record.ts";
import { findToken } from "./store/token.ts";
import type { WitnessOptions } from "./witness/run-witness.ts";

/**
 * What the command line needs of this machine without a server. The only file of its own that reaches
 * below the API. What few commands need is loaded when they ask for it.
 */

/** External programs that checks can run, as they are on this machine. */
export async function localScanners(
  environment: NodeJS.ProcessEnv,
): Promise<readonly InstalledTool[]> {
  const { checks } = await import("./checks/registry.ts");
  const { installedTools } = await import("./checks/tool/installed.ts");
  return installedTools(checks.values(), environment);
}

/** The server that has run longest on a data directory; null when this user can see none. */
export function findLocalServer(
  dataDir: string,
): { readonly url: string; readonly token: string | null; readonly from: string } | null {
  const [server] = findServers(dataDir);
  if (server === undefined) return null;
  const token = findToken(dataDir) ?? null;
  return { url: server.url, token, from: `data directory ${dataDir}` };
}

/** The servers that run on a data directory now. */
export function localServers(dataDir: string): readonly ServerRecord[] {
  return findServers(dataDir);
}

/** What lets the owner of a data directory stop this server of it without signing in; null: it is not ours to read. */
export function machineKeyOf(dataDir: string, server: ServerRecord): string | null {
  return findMachineKey(dataDir, server);
}

/** Whether exactly this server's process has ended; its record goes as soon as it begins to. */
export function hasEnded(server: ServerRecord): boolean {
  return !isRunning(server);
}

/** Whether `openDataDir` made this folder: the mark that `uninstall` asks for. */
export function isDataDir(dataDir: string): boolean {
  try {
    const text = readFileSync(join(resolve(dataDir), "layout.json"), "utf8");
    return z.object({ layoutVersion: z.int().positive() }).safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/** Where what checks decide by is kept: imported advisories. */
export function checkDataFolder(dataDir: string): string {
  return layout(dataDir).checkData;
}

/** Writes a small file whole or not at all, and on disk when it returns. */
export async function writeLocally(path: string, text: string): Promise<void> {
  const { writeDurably } = await import("./store/durable-file.ts");
  writeDurably(path, text);
}

/** Makes the data directory, as a server would, for the log of one that is about to start. */
export async function prepareLogs(dataDir: string): Promise<string> {
  const { openDataDir } = await import("./store/data-dir.ts");
  return openDataDir(dataDir).logs;
}

/** What the agent of a data directory says of itself; null when none answers. Starts nothing. */
export async function findAgent(dataDir: string): Promise<AgentInfo | null> {
  if (!existsSync(layout(dataDir).agentSocket)) return null;
  const { connectAgent } = await import("./agent/client.ts");
  const agent = connectAgent(dataDir, { name: "command line", connectTimeoutMs: 0 });
  try {
    return await agent.info();
  } catch (error) {
    if (error instanceof TidelockError && error.code === "incompatible") throw error;
    return null;
  } finally {
    agent.close();
  }
}

/** Whether an agent that were started by this process would go on when this process ends. */
export async function wouldOutlive(): Promise<{ outlives: boolean; reason: string | null }> {
  const { outlivesStarter } = await import("./agent/isolation/outlives.ts");
  return outlivesStarter(process.pid);
}

/**
 * `tidelock down` where no server answers: services, router, agent, then the database. An agent that died
 * is started once more, because only an agent knows its children.
 */
export async function downLocally(dataDir: string): Promise<void> {
  const { ensureAgent } = await import("./agent/launch.ts");
  const { stopEmbedded } = await import("./store/embedded/embedded-postgres.ts");
  const agent = await ensureAgent(dataDir, { name: "tidelock down" });
  try {
    await agent.call("agent.shutdown", { stopServices: true });
  } finally {
    agent.close();
  }
  await stopEmbedded(dataDir);
}

/**
 * Removes a data directory: the folders of its layout, whole, and the directory itself when nothing else
 * is in it.
 *
 * @returns names that are not ours and stay
 * @throws TidelockError `invalid-input` when the directory is not one of ours; `conflict` while a server,
 *   an agent or the database is still at work in it
 */
export async function removeDataDir(dataDir: string): Promise<readonly string[]> {
  if (!isDataDir(dataDir)) {
    throw new TidelockError("invalid-input", "this is not a data directory of Tidelock", {
      fault: "operator",
      where: resolve(dataDir),
      hint: "nothing was removed; name another with --data-dir",
    });
  }
  const paths = layout(realpathSync(dataDir));
  await requireAtRest(paths);
  const { removeTree } = await import("./tree/remove-tree.ts");
  const { root, agentSocket, ...folders } = paths;
  for (const folder of Object.values(folders)) await removeTree(folder);
  // The socket lies elsewhere when the directory's own path is too long for one.
  if (!agentSocket.startsWith(root + sep)) await removeTree(dirname(agentSocket));
  const rest = readdirSync(root).filter((name) => name !== "layout.json");
  // The mark goes last: a removal that was interrupted can be repeated.
  await removeTree(join(root, "layout.json"));
  if (rest.length === 0) rmdirSync(root);
  return rest;
}

async function requireAtRest(paths: Layout): Promise<void> {
  const refuse = (what: string): TidelockError =>
    new TidelockError("conflict", `${what}; nothing was removed`, {
      fault: "operator",
      where: paths.root,
      hint: "`tidelock down` stops everything of a data directory",
    });
  const [server] = findServers(paths.root);
  if (server !== undefined) throw refuse(`a server still runs at ${server.url}`);
  const agent = await findAgent(paths.root);
  if (agent !== null) throw refuse(`the host agent still runs (pid ${agent.pid})`);
  const users = processesIn(paths.root);
  if (users.length > 0) throw refuse(`processes still work in it (pid ${users.join(", ")})`);
  const { stopEmbedded } = await import("./store/embedded/embedded-postgres.ts");
  const { usedBy } = await stopEmbedded(paths.root);
  if (usedBy.length > 0) throw refuse(`its database is in use (pid ${usedBy.join(", ")})`);
}

/** Services and routers that outlived their agent: processes whose working directory lies inside. Linux only. */
function processesIn(root: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const folder = realpathSync(`/proc/${pid}/cwd`);
        const inside = folder === root || folder.startsWith(root + sep);
        return inside && !folder.startsWith(join(root, "postgres")) && pid !== process.pid;
      } catch {
        return false;
      }
    });
}

/**
 * Runs the embedded PostgreSQL's program once, as the user it would run as; or asks an external one whether
 * it keeps what it confirms. Throws what `server start` would throw.
 *
 * @returns what a person reads
 */
export async function probeDatabase(
  dataDir: string,
  databaseUrl: string | undefined,
): Promise<string> {
  if (databaseUrl !== undefined) {
    const { openDatabase } = await import("./store/database.ts");
    const database = await openDatabase({ databaseUrl }, { maxConnections: 1 });
    await database.close();
    return "the external database answers and keeps what it confirms";
  }
  const { barrier, chooseAccount, spawnIdentity } = await import("./store/embedded/account.ts");
  const { resolveBinaries } = await import("./store/embedded/binaries.ts");
  const paths = layout(dataDir);
  const account = chooseAccount(join(paths.postgres, "data"));
  const closed = barrier(paths.postgres, account);
  if (closed !== undefined) {
    throw new TidelockError(
      "invalid-input",
      `the embedded database's user could not pass ${closed}`,
      {
        fault: "operator",
        where: paths.postgres,
        hint: "use a data directory that every user may pass, e.g. /var/lib/tidelock, or DATABASE_URL",
      },
    );
  }
  // Staged programs go where the server would stage them, or nowhere that stays.
  const scratch = isDataDir(dataDir) ? null : mkdtempSync(join(tmpdir(), "tidelock-doctor-"));
  try {
    if (scratch !== null) chmodSync(scratch, 0o755);
    const { postgres } = await resolveBinaries(scratch ?? paths.runtime, account);
    const { stdout } = await promisify(execFile)(postgres, ["--version"], {
      ...spawnIdentity(account),
      cwd: "/",
      timeout: 30_000,
    });
    return `embedded ${stdout.trim()}`;
  } finally {
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  }
}

/** Every check adapter: what a pipeline file's checks are held against. */
export async function checkKinds(): Promise<ReadonlyMap<string, Check>> {
  // Loaded only by the commands that read a file: the others start faster without.
  const { checks } = await import("./checks/registry.ts");
  return checks;
}

/** A witness of somebody's log, in the foreground: it needs neither a server nor a database. */
export async function runLocalWitness(options: WitnessOptions): Promise<void> {
  const { runWitness } = await import("./witness/run-witness.ts");
  await runWitness(options);
}

/** A mail server of a lab's live side, and a page that shows what it got. */
export interface Mailbox {
  readonly mails: readonly string[];
  close(): Promise<void>;
}

/** @param ports of both, on loopback */
export async function openMailbox(ports: { smtp: number; web: number }): Promise<Mailbox> {
  const { mailSink } = await import("./agent/sinks/receive/mail.ts");
  const { createServer } = await import("node:http");
  const mails: string[] = [];
  const smtp = mailSink({ keep: (_sink, summary, body) => mails.push(`${summary}\n${body}`) });
  const web = createServer((_request, response) => response.end(JSON.stringify({ mails })));
  for (const [server, port] of [
    [smtp, ports.smtp],
    [web, ports.web],
  ] as const) {
    await new Promise<void>((done, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", done);
    });
  }
  return {
    mails,
    close: async () => {
      web.closeAllConnections();
      await Promise.all([smtp, web].map((server) => new Promise((done) => server.close(done))));
    },
  };
}

/** What checks of files say about a tree on this machine, by name; null where one needs the host agent. */
export async function runFileChecks(
  tree: {
    readonly release: Digest;
    readonly name: string;
    readonly digest: Digest;
    readonly path: string;
  },
  demands: readonly CheckDemand[],
  on: { readonly dataDir: string; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, CheckReport | null>> {
  const { createReadStream } = await import("node:fs");
  const { checks } = await import("./checks/registry.ts");
  const { errorReport, runCheck } = await import("./checks/run.ts");
  const { judgeReport } = await import("./engine/judging/judge-report.ts");
  const { holdToExercised } = await import("./policy/exercised.ts");
  const reports = new Map<string, CheckReport | null>();
  for (const demand of demands) {
    const check = checks.get(demand.uses);
    let asked = false;
    const agent: HostAgent = {
      call: async () => {
        asked = true;
        throw new TidelockError("unsupported", "it needs the host agent of a server");
      },
    };
    const unsupported = async () => {
      throw new TidelockError("unsupported", "nothing is deployed here");
    };
    const report = check
      ? await runCheck(
          check,
          {
            run: `local/${demand.name}`,
            fence: { lane: "local/local", incarnation: 0, epoch: 0 },
            slot: null,
            release: tree.release,
            releaseName: tree.name,
            tree: tree.digest,
            instances: [],
            route: null,
            tester: null,
            scan: null,
            agent,
            searchCredentials: unsupported,
            readTree: () => createReadStream(tree.path),
            live: null,
            checkData: checkDataFolder(on.dataDir),
            timeoutMs: demand.timeout,
            signal: on.signal,
          },
          demand,
          { judge: judgeReport },
        )
      : errorReport(`there is no check adapter ${demand.uses}`);
    reports.set(demand.name, asked ? null : holdToExercised(report, demand.minimum, null));
  }
  return reports;
}
