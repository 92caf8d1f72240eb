import * as http from "node:http";
import * as https from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import { TidelockError } from "../../model/errors.ts";
import type { RouteSpec } from "../../ports/host-agent.ts";
import type { LaneServer } from "./lane-server.ts";
import type { CertificateWatch } from "./certificate.ts";
import { mayUpgrade } from "./request-head.ts";
import { parseListen } from "./state-file.ts";
import { settings } from "./settings.ts";
import { portOptions, type InheritedPort } from "./socket-activation.ts";

/** A protocol server with the number of connections that it was given. */
interface Front {
  readonly server: http.Server;
  connections: number;
}

/**
 * A bound port and, behind it, the protocol server that new connections are handed to. The two are apart
 * so that limits and certificates change without the port ever being closed.
 */
export class Listener {
  readonly listen: string;
  readonly #port: Server;
  readonly #sockets = new Set<Socket>();
  #front: Front;
  #frontKey: string;

  private constructor(listen: string, port: Server, front: Front, frontKey: string) {
    this.listen = listen;
    this.#port = port;
    this.#front = front;
    this.#frontKey = frontKey;
    port.removeAllListeners("connection");
    port.on("connection", (socket) => this.#onConnection(socket));
  }

  /**
   * Binds, or takes over a port that was opened for us.
   * @throws TidelockError `port-in-use`, `forbidden`, `unavailable`.
   */
  static async bind(
    route: RouteSpec,
    lane: LaneServer,
    certificate: CertificateWatch | null,
    inherited: InheritedPort | undefined,
  ): Promise<Listener> {
    const port = inherited?.server ?? createServer(portOptions);
    if (!inherited) await bindPort(port, route);
    const front = { server: createFront(route, lane, certificate), connections: 0 };
    const listener = new Listener(route.listen, port, front, frontKey(route));
    // Accepting can fail later (too many open files): the port stays.
    port.on("error", (error) => process.stderr.write(`${route.listen}: ${error.message}\n`));
    for (const socket of inherited?.early.splice(0) ?? []) listener.#onConnection(socket);
    return listener;
  }

  /** New connections get the new limits and certificate; those that stand keep theirs. */
  reconfigure(route: RouteSpec, lane: LaneServer, certificate: CertificateWatch | null): void {
    const key = frontKey(route);
    if (key === this.#frontKey) return;
    const old = this.#front;
    this.#front = { server: createFront(route, lane, certificate), connections: 0 };
    this.#frontKey = key;
    if (old.connections === 0) old.server.close();
  }

  /** Accepts nothing more and closes idle connections; the rest is cut after `ms`. Resolves when all are closed. */
  async close(ms: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#port.close(() => resolve()));
    const closeIdle = (): void => this.#front.server.closeIdleConnections();
    const idle = setInterval(closeIdle, 50);
    closeIdle();
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, ms);
    await closed;
    clearInterval(idle);
    clearTimeout(cut);
    this.#front.server.close();
  }

  #onConnection(socket: Socket): void {
    const front = this.#front;
    this.#sockets.add(socket);
    front.connections++;
    socket.on("close", () => {
      this.#sockets.delete(socket);
      front.connections--;
      // Closing ends the replaced front's timers; its connections are gone.
      if (front !== this.#front && front.connections === 0) front.server.close();
    });
    front.server.emit("connection", socket);
  }
}

async function bindPort(server: Server, route: RouteSpec): Promise<void> {
  const { host, port } = parseListen(route.listen, route.lane);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(bindError(error, route.listen)));
    server.listen({ host, port, backlog: 4096 }, resolve);
  });
  server.removeAllListeners("error");
}

/** What makes a new front necessary. */
function frontKey(route: RouteSpec): string {
  return JSON.stringify([route.tls, route.limits.headerBytes]);
}

function createFront(
  route: RouteSpec,
  lane: LaneServer,
  certificate: CertificateWatch | null,
): http.Server {
  const options = {
    insecureHTTPParser: false,
    requireHostHeader: false, // readRequest refuses, and says why
    maxHeaderSize: route.limits.headerBytes,
    headersTimeout: settings.headersTimeoutMs,
    // Long uploads are fine, stalled ones are found by the flights' sweep.
    requestTimeout: 0,
    connectionsCheckingInterval: settings.sweepMs,
    keepAliveTimeout: settings.clientKeepAliveMs,
    shouldUpgradeCallback: mayUpgrade,
  };
  const front = certificate
    ? https.createServer({ ...options, ...certificate.tlsOptions() })
    : http.createServer(options);
  // Node drops fields beyond this number without a word; the size limit refuses instead.
  front.maxHeadersCount = 0;
  front.on("request", (request, response) => lane.onRequest(request, response, false));
  front.on("checkContinue", (request, response) => lane.onRequest(request, response, true));
  front.on("upgrade", (request, socket, head) => lane.onUpgrade(request, socket as Socket, head));
  front.on("connect", (request, socket) => {
    lane.onClientError(
      Object.assign(new Error("CONNECT"), { code: request.method ?? "" }),
      socket as Socket,
    );
  });
  front.on("clientError", (error, socket) => lane.onClientError(error, socket as Socket));
  if (certificate) {
    front.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
    certificate.attach(front as https.Server);
  }
  // The port belongs to somebody else, so that "listening" never comes by itself: it starts Node's watch
  // over clients that send their header too slowly.
  front.emit("listening");
  return front;
}

function bindError(error: NodeJS.ErrnoException, listen: string): TidelockError {
  if (error.code === "EADDRINUSE") {
    return new TidelockError("port-in-use", `${listen} is taken by another program`, {
      where: listen,
      fault: "operator",
      retryable: true,
      hint: `find it with: ss -ltnp 'sport = :${listen.split(":").at(-1)}'`,
    });
  }
  if (error.code === "EACCES") {
    return new TidelockError("forbidden", `${listen}: this user may not bind this port`, {
      where: listen,
      fault: "operator",
      hint: `for a port under 1024: sudo setcap cap_net_bind_service=+ep ${process.execPath}, or socket activation`,
    });
  }
  return new TidelockError("unavailable", `cannot listen on ${listen}: ${error.message}`, {
    where: listen,
    fault: "operator",
  });
}
