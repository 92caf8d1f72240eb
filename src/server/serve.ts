import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compose } from "../compose.ts";
import { layout } from "../model/layout.ts";
import { asTidelockError } from "../model/errors.ts";
import { openDataDir } from "../store/data-dir.ts";
import { jsonLog, type ServerLog } from "./log.ts";
import { openLogFile } from "./log-file.ts";
import { readMainOptions } from "./main-options.ts";
import { trustedProxies } from "./network/proxies.ts";
import { type RunningServer, runServer } from "./run-server.ts";
import { readStaticFiles } from "./files/static-files.ts";

/** What the starter is told once the server answers. */
export interface Ready {
  readonly url: string;
  readonly dataDir: string;
  /** Null when the log goes to stderr. */
  readonly logFile: string | null;
  /** A link for the first administrator; null: there is one already. It belongs into no log. */
  readonly welcome: string | null;
}

/** Longer than calls and database may take to end; then the process ends all the same. Milliseconds. */
const stopLimitMs = 40_000;

/**
 * The server's process from its command line to its end; the program of `tidelock server start`.
 *
 * SIGTERM, SIGINT or SIGHUP: takes no more, finishes what is under way, leaves agent and services running;
 * the last server of a data directory stops its PostgreSQL. A second signal ends it at once. With a certificate, and
 * where no terminal can hang up, SIGHUP reads its files again instead.
 *
 * @returns the exit code: 0 after a stop that was asked for
 * @throws TidelockError when it does not come up
 */
export async function serve(
  words: readonly string[],
  onReady: (ready: Ready) => void,
): Promise<number> {
  const options = readMainOptions(words, process.env);
  const proxies = trustedProxies(options.trustedProxies);
  let server: RunningServer | undefined;
  const stopping = stopSignal(() => server?.renew() ?? false);
  const paths = openDataDir(options.dataDir);
  const ownLog = join(layout(paths.root).logs, "server.log");
  const logFile = options.logFile ?? (process.stderr.isTTY ? ownLog : null);
  const log = jsonLog(logFile === null ? process.stderr : openLogFile(logFile));
  endOnBugs(log);
  server = await runServer({
    dataDir: paths.root,
    port: options.port,
    hostNames: options.hostNames,
    listen: options.listen,
    proxies,
    certificate: options.certificate,
    version: ownVersion(),
    files: readStaticFiles(fileURLToPath(new URL("../../web/dist", import.meta.url))),
    log,
    ...(options.blobLimitBytes === undefined ? {} : { blobLimitBytes: options.blobLimitBytes }),
    compose: (opened) =>
      compose({
        paths: opened,
        version: ownVersion(),
        ...(options.databaseUrl === undefined ? {} : { databaseUrl: options.databaseUrl }),
        agent: options.agent,
        ledgerKeyFiles: options.ledgerKeyFiles,
        settings: {
          issuerOrigins: options.issuerOrigins,
          ...(options.retentionMs === undefined ? {} : { retentionMs: options.retentionMs }),
          ...(options.sessionIdleMs === undefined ? {} : { sessionIdleMs: options.sessionIdleMs }),
          ...(options.sessionMs === undefined ? {} : { sessionMs: options.sessionMs }),
        },
        ...(options.identityProviders === undefined
          ? {}
          : { identityProviders: options.identityProviders }),
        notice: (message) => log.warn("notice", { message }),
      }),
  });
  onReady({ url: server.url, dataDir: paths.root, logFile, welcome: server.welcome });
  return end(server, await Promise.race([stopping, server.asked]), log);
}

async function end(server: RunningServer, reason: string, log: ServerLog): Promise<number> {
  const limit = setTimeout(() => {
    log.error("stopping took too long", { reason });
    process.exit(1);
  }, stopLimitMs);
  await server.stop(reason);
  clearTimeout(limit);
  return 0;
}

function stopSignal(renew: () => boolean): Promise<string> {
  const stopping = Promise.withResolvers<string>();
  let asked = false;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (signal === "SIGHUP" && !process.stderr.isTTY && renew()) return;
      if (asked) process.exit(130);
      asked = true;
      stopping.resolve(signal);
    });
  }
  return stopping.promise;
}

/** State that nobody foresaw is not gone on with: whoever supervises us starts a fresh process. */
function endOnBugs(log: ServerLog): void {
  const fail = (error: unknown): void => {
    const known = asTidelockError(error);
    log.error("unexpected error, ending", {
      message: known.message,
      stack: error instanceof Error ? (error.stack ?? "") : "",
    });
    process.exitCode = 1;
    setTimeout(() => process.exit(1), 100);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
}

function ownVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

export { ownVersion };
