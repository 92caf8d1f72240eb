import { randomBytes } from "node:crypto";
import type { ContentStore } from "../ports/content-store.ts";
import type { ControlPlane } from "../ports/control-plane.ts";
import { TidelockError } from "../model/errors.ts";
import type { Layout } from "../model/layout.ts";
import { openDataDir } from "../store/data-dir.ts";
import { findServers, registerServer, sweepServerRecords } from "../store/server-record.ts";
import { ensureToken, removeToken } from "../store/token.ts";
import { buildApp, type ServerIdentity } from "./app.ts";
import { type Listening, listenOn, requireFreePort } from "./listen.ts";
import type { ServerLog } from "./log.ts";
import { isLoopback } from "./network/address.ts";
import { addressesToBind } from "./network/bind.ts";
import type { CertificateFiles } from "./network/certificate.ts";
import { noProxies, type TrustedProxies } from "./network/proxies.ts";
import { type Renewal, watchCertificate } from "./network/renewal.ts";
import type { StaticFiles } from "./files/static-files.ts";

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
  /** Addresses or names to listen on; none: this machine alone. */
  readonly listen?: readonly string[];
  readonly proxies?: TrustedProxies;
  readonly certificate?: CertificateFiles | undefined;
  readonly blobLimitBytes?: number;
  readonly version: string;
  readonly files: StaticFiles | null;
  readonly log: ServerLog;
  readonly compose: (paths: Layout) => Promise<Composed>;
}

export interface RunningServer {
  readonly url: string;
  /** A link for the first administrator, for whoever started the server; null: there is one already. */
  readonly welcome: string | null;
  /** Reads the certificate again; false: there is none. */
  readonly renew: () => boolean;
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
  const { log, port, version, hostNames, proxies = noProxies } = settings;
  const paths = openDataDir(settings.dataDir);
  refuseSecond(paths.root, port);
  // Before the database starts: the commonest mistakes should cost the least.
  const addresses = await addressesToBind(settings.listen ?? [], {
    certificate: settings.certificate !== undefined,
    proxies: proxies.given,
  });
  await requireFreePort(port, addresses);
  let listening: Listening | undefined;
  const renewal: Renewal | null =
    settings.certificate === undefined
      ? null
      : watchCertificate(settings.certificate, log, (renewed) => listening?.renew(renewed));
  const token = ensureToken(paths);
  const machineKey = randomBytes(32).toString("base64url");
  const asked = Promise.withResolvers<string>();
  const composed = await settings.compose(paths).catch((error: unknown) => {
    renewal?.stop();
    throw error;
  });
  const identity: ServerIdentity = {
    version,
    dataDir: paths.root,
    database: composed.database,
    startedAt: new Date().toISOString(),
    url: "",
  };
  const { access, accounts } = composed.controlPlane;
  const dropEndedToken = async (): Promise<void> => {
    if (!(await access.bootstrapCounts())) removeToken(paths);
  };
  let secret: string | null = null;
  try {
    await dropEndedToken();
    secret = await accounts.firstLink().catch((error: unknown) => {
      log.warn("no link for the first administrator", { message: String(error) });
      return null;
    });
    const app = await buildApp({
      controlPlane: composed.controlPlane,
      content: composed.content,
      identity,
      token,
      machineKey,
      hostNames,
      proxies,
      files: settings.files,
      log,
      stop: asked.resolve,
      onSignIn: () =>
        void dropEndedToken().catch((error: unknown) =>
          log.warn("the ended token's file is still there", { message: String(error) }),
        ),
      ...(settings.blobLimitBytes === undefined ? {} : { blobLimitBytes: settings.blobLimitBytes }),
    });
    const certificate = renewal?.current ?? null;
    const name = nameFor(hostNames, addresses);
    listening = await listenOn(app, { port, addresses, certificate, proxies, name });
    const [called] = hostNames;
    const proxied = certificate === null && proxies.given.length > 0 && called !== undefined;
    identity.url = proxied ? `https://${called}` : listening.url;
    if (certificate && ![...hostNames, name].some((one) => certificate.covers(one))) {
      log.warn("certificate names none of this server's names", { name });
    }
  } catch (error) {
    renewal?.stop();
    await composed.close();
    throw error;
  }
  sweepServerRecords(paths);
  const { localUrl, close } = listening;
  const { url } = identity;
  const unregister = registerServer(paths, { url: localUrl, version, machineKey });
  log.info("listening", {
    url,
    localUrl,
    addresses: addresses.join(" ") || undefined,
    proxies: proxies.given.join(" ") || undefined,
    dataDir: paths.root,
    pid: process.pid,
  });

  let stopped: Promise<void> | undefined;
  const stop = async (reason: string): Promise<void> => {
    log.info("stopping", { reason });
    unregister();
    renewal?.stop();
    await close(finishMs);
    await composed.close();
    log.info("stopped", { reason });
  };
  return {
    url,
    welcome: secret === null ? null : `${url}/welcome#${secret}`,
    renew: () => {
      renewal?.look();
      return renewal !== null;
    },
    asked: asked.promise,
    stop: (reason) => (stopped ??= stop(reason)),
  };
}

/** By which people are told to call it: a name that somebody gave, else where it listens. */
function nameFor(hostNames: readonly string[], addresses: readonly string[]): string {
  const [name] = hostNames;
  if (name !== undefined) return name;
  const address = addresses.find((one) => !isLoopback(one) && one !== "::" && one !== "0.0.0.0");
  if (address === undefined) return "localhost";
  return address.includes(":") ? `[${address}]` : address;
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
