import { createServer, type Server, type Socket } from "node:net";

/** systemd passes sockets from this descriptor on (sd_listen_fds(3)). */
const firstDescriptor = 3;

/** Options of every port that we accept on, inherited or bound by us. */
export const portOptions = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
} as const;

/** A port that somebody else opened, with the connections that came before a lane took it over. */
export interface InheritedPort {
  readonly server: Server;
  readonly early: Socket[];
}

/**
 * Listening sockets that were opened for us, by `host:port` as a route names it, so that a port under 1024
 * needs no right of ours. systemd says `LISTEN_FDS` and `LISTEN_PID`; the agent, which hands its own on to
 * us and cannot know our pid beforehand, says `TIDELOCK_LISTEN_FDS`.
 */
export async function inheritedPorts(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Map<string, InheritedPort>> {
  const ours = environment["LISTEN_PID"] === String(process.pid);
  const count = Number(
    environment["TIDELOCK_LISTEN_FDS"] ?? (ours ? environment["LISTEN_FDS"] : 0),
  );
  const ports = new Map<string, InheritedPort>();
  for (let fd = firstDescriptor; fd < firstDescriptor + (count || 0); fd++) {
    const server = createServer(portOptions);
    const early: Socket[] = [];
    server.on("connection", (socket) => early.push(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ fd }, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === "string") continue;
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    ports.set(`${host}:${address.port}`, { server, early });
  }
  return ports;
}
