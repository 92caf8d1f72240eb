import { createHash } from "node:crypto";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Digest, Slot } from "./primitives.ts";
import { slotKey } from "./primitives.ts";

/**
 * The one data directory. Parts that other users must reach (releases, slots) are 0711 on the way down,
 * so that they can be passed through but not listed; everything else is 0700.
 *
 *   server/     token, servers/<pid>.json, database.json, key of the local secret store, spool/   0700
 *   postgres/   the embedded database (PostgreSQL's own user owns what is below it)     0700, 0710 for root
 *   runtime/    PostgreSQL's programs, where those in node_modules cannot be used       0755
 *   blobs/      content-addressed artifacts: sha256/<2 hex>/<62 hex>                 0700
 *   agent/      socket, state.json, journal, key, router configuration              0700
 *   releases/   unpacked, read-only trees: <64 hex>/                                0711
 *   slots/      <service>/<environment>/<colour>/: run folders and delivered config
 *   state/      <service>/<environment>/<process>/: a process's own kept data
 *   check-data/ what checks decide by: imported advisories                          0700
 *   checks/     private folders of running checks
 *   runtime/    the Node that services find on their PATH
 *   logs/       instance, router and server logs                                    0700
 */
export interface Layout {
  readonly root: string;
  readonly server: string;
  readonly postgres: string;
  readonly blobs: string;
  readonly agent: string;
  readonly releases: string;
  readonly slots: string;
  readonly state: string;
  readonly checkData: string;
  readonly checks: string;
  readonly runtime: string;
  readonly logs: string;
  readonly agentSocket: string;
}

/** Linux refuses longer Unix socket paths (sun_path, unix(7)); macOS has 104. */
const maxSocketPath = 100;

export function layout(dataDir: string): Layout {
  const root = resolve(dataDir);
  const agent = join(root, "agent");
  return {
    root,
    server: join(root, "server"),
    postgres: join(root, "postgres"),
    blobs: join(root, "blobs"),
    agent,
    releases: join(root, "releases"),
    slots: join(root, "slots"),
    state: join(root, "state"),
    checkData: join(root, "check-data"),
    checks: join(root, "checks"),
    runtime: join(root, "runtime"),
    logs: join(root, "logs"),
    agentSocket: socketPath(agent, "agent.sock"),
  };
}

/** A socket beside its owner, or, when that path is too long, in a private folder of the run directory. */
export function socketPath(directory: string, name: string): string {
  const wanted = join(directory, name);
  if (Buffer.byteLength(wanted) <= maxSocketPath) return wanted;
  const short = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  const uid = process.getuid?.() ?? 0;
  const runtime = process.env["XDG_RUNTIME_DIR"] ?? (uid === 0 ? "/run" : tmpdir());
  return join(runtime, `tidelock-${uid}-${short}`, name);
}

/** `--data-dir`, else `TIDELOCK_DATA_DIR`, else the system's state directory for root and XDG's for a user. */
export function defaultDataDir(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment["TIDELOCK_DATA_DIR"];
  if (named) return resolve(named);
  if (process.getuid?.() === 0) return "/var/lib/tidelock";
  const state = environment["XDG_STATE_HOME"];
  return state ? join(state, "tidelock") : join(homedir(), ".local", "state", "tidelock");
}

export function digestHex(digest: Digest): string {
  return digest.slice("sha256:".length);
}

export function slotDirectory(paths: Layout, slot: Slot): string {
  return join(paths.slots, slotKey(slot));
}
