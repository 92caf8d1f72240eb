import { createServer, type Server } from "node:http";
import type { FastifyInstance } from "fastify";
import { TidelockError } from "../model/errors.ts";

export interface Listening {
  readonly port: number;
  /** `http://localhost:<port>`: a name, because passkeys need one. */
  readonly url: string;
  /** Takes no more, ends streams, lets calls under way finish, and cuts those that take longer. */
  close(finishMs?: number): Promise<void>;
}

/** Free ports are tried this often before the two loopback addresses agree on one. */
const attempts = 20;

/**
 * Listens on 127.0.0.1 and, where the machine has it, on ::1 with the same port: `localhost` may mean
 * either, and whoever else sat on the other address would be handed our users' tokens.
 *
 * @param port 0 takes a free one. Throws `port-in-use`.
 */
export async function listenOnLoopback(app: FastifyInstance, port: number): Promise<Listening> {
  await app.ready();
  for (let attempt = 1; ; attempt += 1) {
    const four = serverOf(app);
    const six = serverOf(app);
    try {
      await listen(four, "127.0.0.1", port);
      const chosen = portOf(four);
      const hasSix = await listen(six, "::1", chosen).then(
        () => true,
        (error: unknown) => {
          if (isCode(error, "EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL")) return false;
          throw error;
        },
      );
      const servers = hasSix ? [four, six] : [four];
      return {
        port: chosen,
        url: `http://localhost:${chosen}`,
        close: (finishMs = 5_000) => closeAll(app, servers, finishMs),
      };
    } catch (error) {
      four.close();
      six.close();
      if (port === 0 && attempt < attempts && isCode(error, "EADDRINUSE")) continue;
      throw explain(error, port);
    }
  }
}

/** Throws `port-in-use` or `forbidden` early, where {@link listenOnLoopback} would only later. */
export async function requireFreePort(port: number): Promise<void> {
  if (port === 0) return;
  for (const host of ["127.0.0.1", "::1"]) {
    const probe = createServer();
    try {
      await listen(probe, host, port);
    } catch (error) {
      if (!isCode(error, "EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL")) throw explain(error, port);
    } finally {
      await new Promise((resolve) => probe.close(resolve));
    }
  }
}

function serverOf(app: FastifyInstance): Server {
  // Half an hour for the slowest upload; headers have Node's own minute.
  return createServer({ requestTimeout: 1_800_000 }, (request, response) =>
    app.routing(request, response),
  );
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

function explain(error: unknown, port: number): TidelockError {
  if (isCode(error, "EADDRINUSE")) {
    return new TidelockError("port-in-use", `port ${port} is taken by another program`, {
      fault: "operator",
      where: `localhost:${port}`,
      hint: "choose another with --port (0 takes a free one), or stop what listens there",
      cause: error,
    });
  }
  if (isCode(error, "EACCES")) {
    return new TidelockError("forbidden", `this user may not listen on port ${port}`, {
      fault: "operator",
      where: `localhost:${port}`,
      hint: "ports under 1024 need a privilege; choose a higher one with --port",
      cause: error,
    });
  }
  return new TidelockError("unavailable", `cannot listen on port ${port}`, {
    where: `localhost:${port}`,
    cause: error,
  });
}
