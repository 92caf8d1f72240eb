import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { TidelockError } from "../../model/errors.ts";
import type { RouteSpec } from "../../ports/host-agent.ts";
import type { CertificateWatch } from "./certificate.ts";
import { ClientConnection } from "./client/connection.ts";
import type { LaneServer } from "./lane-server.ts";
import { portOptions, type InheritedPort } from "./socket-activation.ts";
import { parseListen } from "./state-file.ts";

/**
 * A bound port. What new connections are handed to (plain HTTP, TLS with a certificate) can be changed
 * without the port ever being closed; connections that stand keep what they have.
 */
export class Listener {
  readonly listen: string;
  readonly #port: Server;
  readonly #lane: LaneServer;
  /** Every connection, also while its TLS handshake is under way. */
  readonly #sockets = new Set<Socket>();
  #certificate: CertificateWatch | null = null;
  #tls: TlsServer | null = null;

  private constructor(listen: string, port: Server, lane: LaneServer) {
    this.listen = listen;
    this.#port = port;
    this.#lane = lane;
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
    const listener = new Listener(route.listen, port, lane);
    listener.use(certificate);
    port.removeAllListeners("connection");
    port.on("connection", (socket) => listener.#onConnection(socket));
    // Accepting can fail later (too many open files): the port stays.
    port.on("error", (error) => process.stderr.write(`${route.listen}: ${error.message}\n`));
    for (const socket of inherited?.early.splice(0) ?? []) listener.#onConnection(socket);
    return listener;
  }

  /** New connections speak TLS with this certificate, or, with null, plain HTTP. */
  use(certificate: CertificateWatch | null): void {
    if (certificate === this.#certificate && (certificate === null) === (this.#tls === null))
      return;
    if (this.#tls) this.#certificate?.detach(this.#tls);
    this.#certificate = certificate;
    this.#tls = certificate && this.#createTls(certificate);
  }

  /** Accepts nothing more and lets connections end; what is left is cut after `ms`. Resolves when all are closed. */
  async close(ms: number): Promise<void> {
    if (this.#tls) this.#certificate?.detach(this.#tls);
    const closed = new Promise<void>((resolve) => this.#port.close(() => resolve()));
    this.#lane.closeConnections();
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, ms);
    await closed;
    clearTimeout(cut);
  }

  #createTls(certificate: CertificateWatch): TlsServer {
    const server = createTlsServer(certificate.tlsOptions());
    server.on("secureConnection", (socket) => this.#serve(socket));
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    certificate.attach(server);
    return server;
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    if (this.#tls) this.#tls.emit("connection", socket);
    else this.#serve(socket);
  }

  #serve(socket: Socket): void {
    this.#lane.add(new ClientConnection(socket, this.#lane));
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
