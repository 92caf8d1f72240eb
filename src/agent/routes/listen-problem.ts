import { createServer } from "node:net";
import { TidelockError } from "../../model/errors.ts";
import { errorCode } from "../os/durable.ts";
import { listenerName } from "../os/sockets.ts";

/** Why nobody can listen on an address now, with who has it; null when it could be had. */
export async function listenProblem(listen: string): Promise<TidelockError | null> {
  const end = listen.lastIndexOf(":");
  const host = listen.slice(0, end).replace(/^\[|\]$/g, "");
  const port = Number(listen.slice(end + 1));
  const error = await bindOnce(host, port);
  return error === null ? null : explainListen(error, listen);
}

function bindOnce(host: string, port: number): Promise<Error | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

function explainListen(error: Error, listen: string): TidelockError {
  const port = Number(listen.slice(listen.lastIndexOf(":") + 1));
  const code = errorCode(error);
  if (code === "EADDRINUSE") return portInUse(listen);
  if (code === "EACCES") {
    return new TidelockError("forbidden", `${listen}: this user may not listen on port ${port}`, {
      where: listen,
      fault: "operator",
      hint:
        `sudo setcap cap_net_bind_service=+ep ${process.execPath}, or let systemd open it: ` +
        `ListenStream=${listen} in tidelock-agent.socket (deploy/systemd)`,
    });
  }
  return new TidelockError("unavailable", `cannot listen on ${listen}: ${error.message}`, {
    where: listen,
    fault: "operator",
    hint: "name an address of this machine: 127.0.0.1:8080, 0.0.0.0:8080",
  });
}

/** `port-in-use` with the name of who has it, as far as we may see that. */
export function portInUse(listen: string): TidelockError {
  const port = Number(listen.slice(listen.lastIndexOf(":") + 1));
  const who = listenerName(port) ?? "another program";
  return new TidelockError("port-in-use", `${listen} is taken by ${who}`, {
    where: listen,
    fault: "operator",
    retryable: true,
    hint: "stop it, or name another address under `listen` of the environment's router",
  });
}
