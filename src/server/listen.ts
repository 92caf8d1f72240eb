import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { FastifyInstance } from "fastify";
import { TidelockError } from "../model/errors.ts";
import type { Certificate } from "./network/certificate.ts";
import { limitConnections } from "./network/connections.ts";
import { noProxies, type TrustedProxies } from "./network/proxies.ts";

/** Where a server shall answer. */
export interface ListenWish {
  /** 0 takes a free one. */
  readonly port: number;
  /** Numbers of addresses (network/bind.ts). Empty: both loopback ones. */
  readonly addresses: readonly string[];
  readonly certificate: Certificate | null;
  readonly proxies: TrustedProxies;
  /** By which people call it; the first stands in its address. */
  readonly name: string;
}

export interface Listening {
  readonly port: number;
  /** `http://localhost:<port>`: a name, because passkeys need one. */
  readonly url: string;
  /** For the command line of this machine: always plain and on loopback, a listener that nobody else reaches. */
  readonly localUrl: string;
  /** From now on for new connections. */
  renew(certificate: Certificate): void;
  /** Takes no more, ends streams, lets calls under way finish, and cuts those that take longer. */
  close(finishMs?: number): Promise<void>;
}

/** Free ports are tried this often before all addresses agree on one. */
const attempts = 20;

/** An address, and whether a machine may be without it. */
interface Place {
  readonly host: string;
  readonly optional: boolean;
}
const loopback: readonly Place[] = [
  { host: "127.0.0.1", optional: false },
  { host: "::1", optional: true },
];

/**
 * Listens on 127.0.0.1 and, where the machine has it, on ::1 with the same port: `localhost` may mean
 * either, and whoever else sat on the other address would be handed our users' tokens.
 *
 * @param port 0 takes a free one. Throws `port-in-use`.
 */
export function listenOnLoopback(app: FastifyInstance, port: number): Promise<Listening> {
  return listenOn(app, { port, addresses: [], certificate: null, proxies: noProxies, name: "localhost" }); // prettier-ignore
}

/**
 * Listens where it is wished. With a certificate, or beyond loopback, this machine's own command line gets a plain
 * loopback listener besides: it needs no certificate, and strangers cannot fill it.
 *
 * @throws TidelockError `port-in-use`, `forbidden`, `unavailable`
 */
export async function listenOn(app: FastifyInstance, wish: ListenWish): Promise<Listening> {
  await app.ready();
  const { certificate, addresses } = wish;
  const places = placesOf(addresses);
  const shown = await listenEverywhere(places, wish.port, () =>
    certificate === null ? plain(app) : secure(app, certificate),
  );
  const own = certificate !== null || addresses.length > 0;
  const scheme = certificate === null ? "http" : "https";
  let local = { servers: [] as readonly Server[], port: shown.port };
  if (own) {
    for (const server of shown.servers) limitConnections(server, wish.proxies);
    local = await listenEverywhere(loopback, 0, () => plain(app)).catch((error: unknown) => {
      for (const server of shown.servers) server.close();
      throw error;
    });
  }
  return {
    port: shown.port,
    url: `${scheme}://${wish.name}:${shown.port}`,
    localUrl: `http://localhost:${local.port}`,
    renew: (renewed) => {
      if (certificate === null) return;
      for (const server of shown.servers as readonly SecureServer[]) {
        server.setSecureContext(renewed.context);
      }
    },
    close: (finishMs = 5_000) => closeAll(app, [...shown.servers, ...local.servers], finishMs),
  };
}

function placesOf(addresses: readonly string[]): readonly Place[] {
  if (addresses.length === 0) return loopback;
  // `::` takes IPv4 as well.
  const some = addresses.includes("::") ? ["::"] : addresses;
  return some.map((host) => ({ host, optional: false }));
}

/** One server an address, all on one port, or none. */
async function listenEverywhere(
  places: readonly Place[],
  port: number,
  make: () => Server,
): Promise<{ readonly servers: readonly Server[]; readonly port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const servers: Server[] = [];
    let chosen = port;
    let host = "localhost";
    try {
      for (const place of places) {
        host = place.host;
        const server = make();
        const listens = await listen(server, place.host, chosen).then(
          () => true,
          (error: unknown) => {
            if (place.optional && isCode(error, "EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"))
              return false;
            throw error;
          },
        );
        if (!listens) continue;
        servers.push(server);
        chosen = portOf(server);
      }
      return { servers, port: chosen };
    } catch (error) {
      for (const server of servers) server.close();
      if (port === 0 && attempt < attempts && isCode(error, "EADDRINUSE")) continue;
      throw explain(error, port, host);
    }
  }
}

/** Throws `port-in-use` or `forbidden` early, where {@link listenOn} would only later. */
export async function requireFreePort(
  port: number,
  addresses: readonly string[] = [],
): Promise<void> {
  if (port === 0) return;
  for (const { host, optional } of placesOf(addresses)) {
    const probe = createServer();
    try {
      await listen(probe, host, port);
    } catch (error) {
      if (!optional || !isCode(error, "EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL")) throw explain(error, port, host); // prettier-ignore
    } finally {
      await new Promise((resolve) => probe.close(resolve));
    }
  }
}

/** What one connection may cost before anybody knows who asks. Milliseconds and bytes. */
const patience: ServerOptions = {
  // Half an hour for the slowest upload; bodies of other calls have their own limit (limits/slow-bodies.ts).
  requestTimeout: 1_800_000,
  headersTimeout: 20_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
};
const mostHeaders = 100;

function plain(app: FastifyInstance): Server {
  const server = createServer(patience, (request, response) => app.routing(request, response));
  server.maxHeadersCount = mostHeaders;
  return server;
}

function secure(app: FastifyInstance, { context }: Certificate): Server {
  const options = { ...patience, ...context, handshakeTimeout: 10_000 };
  const server = createSecureServer(options, (request, response) => app.routing(request, response));
  server.maxHeadersCount = mostHeaders;
  return server as unknown as Server;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function closeAll(
  app: FastifyInstance,
  servers: readonly Server[],
  finishMs: number,
): Promise<void> {
  const cut = setTimeout(() => {
    for (const server of servers) server.closeAllConnections();
  }, finishMs);
  const closed = servers.map(
    (server) => new Promise<void>((resolve) => server.close(() => resolve())),
  );
  // Ends the event streams (preClose), which would otherwise keep their connections for ever.
  await app.close();
  // A connection falls idle when its last call ends, and would then be kept for a next one.
  const sweep = setInterval(() => {
    for (const server of servers) server.closeIdleConnections();
  }, 25);
  await Promise.all(closed);
  clearInterval(sweep);
  clearTimeout(cut);
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

function explain(error: unknown, port: number, host: string): TidelockError {
  const where = `${loopback.some((place) => place.host === host) ? "localhost" : host}:${port}`;
  if (isCode(error, "EADDRINUSE")) {
    return new TidelockError("port-in-use", `port ${port} is taken by another program`, {
      fault: "operator",
      where,
      hint: "choose another with --port (0 takes a free one), or stop what listens there",
      cause: error,
    });
  }
  if (isCode(error, "EACCES")) {
    return new TidelockError("forbidden", `this user may not listen on port ${port}`, {
      fault: "operator",
      where,
      hint: "ports under 1024 need a privilege; choose a higher one with --port",
      cause: error,
    });
  }
  if (isCode(error, "EADDRNOTAVAIL")) {
    return new TidelockError("invalid-input", `${host} is no address of this machine`, {
      fault: "operator",
      where: "--listen",
      hint: "`ip address` lists them",
      cause: error,
    });
  }
  return new TidelockError("unavailable", `cannot listen on port ${port}`, {
    where,
    cause: error,
  });
}
