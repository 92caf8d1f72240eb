import type { ContentStore } from "../ports/content-store.ts";
import type { ControlPlane } from "../ports/control-plane.ts";
import { TidelockError } from "../model/errors.ts";
import type { Layout } from "../model/layout.ts";
import { openDataDir } from "../store/data-dir.ts";
import { findServers, registerServer, sweepServerRecords } from "../store/server-record.ts";
import { ensureToken } from "../store/token.ts";
import { buildApp, type ServerIdentity } from "./app.ts";
import { type Listening, listenOnLoopback, requireFreePort } from "./listen.ts";
import type { ServerLog } from "./log.ts";
import type { StaticFiles } from "./static-files.ts";

/** What stands behind the HTTP server, made by src/compose.ts. */
export interface Composed {
  readonly controlPlane: ControlPlane;
  readonly content: ContentStore;
  readonly database: "embedded" | "external";
  /** Ends the worker and leaves database and agent; services go on. */
  close(): Promise<void>;
}

export interface ServerSettings {
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly hostNames: readonly string[];
  readonly blobLimitBytes?: number;
  readonly version: string;
  readonly files: StaticFiles | null;
  readonly log: ServerLog;
  readonly compose: (paths: Layout) => Promise<Composed>;
}

export interface RunningServer {
  readonly url: string;
  /** Settles with the reason when somebody asked over HTTP that it stop. */
  readonly asked: Promise<string>;
  /** Takes no more calls, finishes those under way, leaves agent and services running. Twice is once. */
  stop(reason: string): Promise<void>;
}

/** Calls under way get this long before their connections are cut. Milliseconds. */
const finishMs = 10_000;

/**
 * Starts a server on a data directory: folders, port, parts, then the address for others to find. Nothing
 * stays behind when a step fails.
 */
export async function runServer(settings: ServerSettings): Promise<RunningServer> {
  const { log, port, version } = settings;
  const paths = openDataDir(settings.dataDir);
  refuseSecond(paths.root, port);
  // Before the database starts: the commonest mistake should cost the least.
  await requireFreePort(port);
  const token = ensureToken(paths);
  const asked = Promise.withResolvers<string>();
  const composed = await settings.compose(paths);
  let listening: Listening;
  try {
    const identity: ServerIdentity = {
      version,
      dataDir: paths.root,
      database: composed.database,
      startedAt: new Date().toISOString(),
      url: "",
    };
    const app = await buildApp({
      controlPlane: composed.controlPlane,
      content: composed.content,
      identity,
      token,
      hostNames: settings.hostNames,
      files: settings.files,
      log,
      stop: asked.resolve,
      ...(settings.blobLimitBytes === undefined ? {} : { blobLimitBytes: settings.blobLimitBytes }),
    });
    listening = await listenOnLoopback(app, port);
    identity.url = listening.url;
  } catch (error) {
    await composed.close();
    throw error;
  }
  sweepServerRecords(paths);
  const unregister = registerServer(paths, { url: listening.url, version });
  log.info("listening", { url: listening.url, dataDir: paths.root, pid: process.pid });

  let stopped: Promise<void> | undefined;
  const stop = async (reason: string): Promise<void> => {
    log.info("stopping", { reason });
    unregister();
    await listening.close(finishMs);
    await composed.close();
    log.info("stopped", { reason });
  };
  return {
    url: listening.url,
    asked: asked.promise,
    stop: (reason) => (stopped ??= stop(reason)),
  };
}

/** Several servers on one data directory are fine; two on one port are somebody's mistake. */
function refuseSecond(dataDir: string, port: number): void {
  const same = findServers(dataDir).find(({ url }) => new URL(url).port === String(port));
  if (same === undefined) return;
  throw new TidelockError("port-in-use", `a server of this data directory already runs`, {
    fault: "operator",
    where: `${same.url} (pid ${same.pid}, since ${same.startedAt})`,
    hint: "use that one, stop it with `tidelock server stop`, or start a second one with --port",
  });
}
