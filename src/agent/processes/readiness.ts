import { request } from "node:http";
import { createConnection } from "node:net";
import type { ParsedProcess } from "../slots/spec.ts";

/** Null when the instance answered as declared; otherwise what it did instead, for a person. */
export type ProbeResult = string | null;

/** One probe may take this long at most. Milliseconds. */
const probeTimeout = 5_000;

/** Asks one instance once. `alive` is judged by its age, not by a probe. */
export function probe(
  ready: ParsedProcess["ready"],
  host: string,
  port: number,
): Promise<ProbeResult> {
  if (ready.kind === "http") return probeHttp(host, port, ready.path, ready.status);
  if (ready.kind === "tcp") return probeTcp(host, port);
  return Promise.resolve(null);
}

function probeHttp(host: string, port: number, path: string, status: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const call = request(
      {
        host,
        port,
        path,
        method: "GET",
        agent: false,
        headers: { connection: "close", "user-agent": "tidelock-agent" },
        signal: AbortSignal.timeout(probeTimeout),
      },
      (response) => {
        resolve(
          response.statusCode === status
            ? null
            : `GET ${path} answers ${response.statusCode}, not ${status}`,
        );
        // The status is all we want; a service that streams for ever must not hold the probe.
        response.destroy();
      },
    );
    // Without this listener Node destroys the request of a 101 and says neither `response` nor `error`.
    call.once("upgrade", (_response, socket) => {
      socket.destroy();
      resolve(`GET ${path} answers 101, not ${status}`);
    });
    call.once("error", (error) => resolve(`GET ${path}: ${describe(error)}`));
    call.once("close", () => resolve(`GET ${path}: connection closed without an answer`));
    call.end();
  });
}

function probeTcp(host: string, port: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port });
    socket.setTimeout(probeTimeout);
    const settle = (result: ProbeResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => settle(null));
    socket.once("timeout", () => settle(`port ${port} does not answer`));
    socket.once("error", (error) => settle(`port ${port}: ${describe(error)}`));
  });
}

function describe(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ECONNREFUSED") return "connection refused";
  if (code === "ECONNRESET") return "connection closed without an answer";
  if (error.name === "AbortError" || error.name === "TimeoutError") {
    return `no answer in ${probeTimeout / 1000} s`;
  }
  return error.message;
}
