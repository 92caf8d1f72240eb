import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { TidelockError } from "../model/errors.ts";
import type { Reply, Witness } from "./witness.ts";

/** A checkpoint with 63 lines of proof and more signatures than anybody gives. */
const maxBodyBytes = 262_144;
const plain = "text/plain; charset=utf-8";

export interface WitnessServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `POST /add-checkpoint` and `GET /<origin hash>/checkpoint`. Nobody is authenticated: what counts is the
 * log's signature.
 *
 * @throws TidelockError `port-in-use`, `invalid-input` for an address that this machine has not
 */
export async function serveWitness(
  witness: Witness,
  { host, port }: { host: string; port: number },
  notice: (message: string) => void,
): Promise<WitnessServer> {
  const server = createServer((request, response) => {
    answer(witness, request)
      .catch((error: unknown): Reply => {
        if (error instanceof TidelockError && error.code === "invalid-input") {
          return { status: 413, type: plain, body: `${error.message}\n` };
        }
        notice(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
        return { status: 500, type: plain, body: "the witness has a problem\n" };
      })
      .then((reply) => send(response, reply))
      .catch(() => response.destroy());
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  server.maxConnections = 256;
  server.on("clientError", (_, socket) => socket.destroy());
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    const inUse = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
    const message = `the witness cannot listen on ${host}:${port}`;
    throw new TidelockError(inUse ? "port-in-use" : "invalid-input", message, {
      fault: "operator",
      where: "--listen",
      cause,
    });
  }
  const at = server.address() as AddressInfo;
  const shown = at.family === "IPv6" ? `[${at.address}]` : at.address;
  return {
    url: `http://${shown}:${at.port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function answer(witness: Witness, request: IncomingMessage): Promise<Reply> {
  const { method = "", url = "" } = request;
  if (url === "/add-checkpoint") {
    if (method !== "POST") return { status: 405, type: plain, body: "POST a checkpoint here\n" };
    return witness.addCheckpoint(await readBody(request));
  }
  const hash = /^\/([0-9a-f]{64})\/checkpoint$/.exec(url)?.[1];
  if (hash !== undefined && (method === "GET" || method === "HEAD"))
    return witness.checkpointOf(hash);
  return {
    status: 404,
    type: plain,
    body: "this witness has /add-checkpoint and /<origin hash>/checkpoint\n",
  };
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxBodyBytes) {
      throw new TidelockError("invalid-input", `a request has at most ${maxBodyBytes} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function send(response: ServerResponse, { status, type, body }: Reply): void {
  const headers = {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  response.writeHead(status, status === 413 ? { ...headers, connection: "close" } : headers);
  response.end(body);
}
