import { chmodSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { type Server, type Socket, createServer } from "node:net";
import { dirname } from "node:path";
import type { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import {
  type MethodName,
  type Methods,
  type Result,
  maxFrameBytes,
  methods,
  protocolVersion,
} from "../../ports/host-agent.ts";
import { type AnswerFrame, FrameReader, RequestFrame, encodeFrame, toWire } from "./frames.ts";

/** One handler for each method; parameters arrive parsed by the method's schema. */
export type Handlers = {
  readonly [M in MethodName]: (params: z.output<Methods[M]["params"]>) => Promise<Result<M>>;
};

export interface AgentServer {
  close(): Promise<void>;
}

/** A client that asks for more than this at once has to wait for answers first. */
const maxConcurrent = 256;

/**
 * Serves the protocol on a private Unix socket (0600 in a 0700 folder: whoever may connect is us or root).
 * Clients come and go; an effect that was begun is finished whether or not its client still listens.
 *
 * @param onFrame called for every well-formed frame: the sign that a control plane is there.
 */
export async function serveProtocol(
  path: string,
  handlers: Handlers,
  onFrame: () => void,
): Promise<AgentServer> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // The lock says that we are the only agent here, so a socket in our place is a dead one's.
  await rm(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serveClient(socket, handlers, onFrame);
  });
  await listen(server, path);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroySoon();
      }),
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      chmodSync(path, 0o600);
      resolve();
    });
    // Connections are possible from bind(2) on, which listen() calls at once: the mode must be right then.
    const before = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(before);
    }
  });
}

function serveClient(socket: Socket, handlers: Handlers, onFrame: () => void): void {
  let greeted = false;
  // A client may send on without waiting for the answer to its hello: what follows waits for it here.
  let greeting: Promise<void> | null = null;
  let running = 0;
  const send = (frame: AnswerFrame): void => {
    if (!socket.destroyed) socket.write(encodeAnswer(frame));
  };
  const take = (request: RequestFrame | null): void => {
    if (request === null) {
      send({
        id: null,
        error: toWire(
          new TidelockError("invalid-input", "a frame is no JSON object with id and method", {
            fault: "bug",
          }),
        ),
      });
      return;
    }
    if (!greeted && request.method !== "hello") {
      if (greeting !== null) {
        void greeting.then(() => take(request));
        return;
      }
      send({
        id: request.id,
        error: toWire(
          new TidelockError("incompatible", `the first frame must be hello, not ${request.method}`),
        ),
      });
      return;
    }
    onFrame();
    if (running >= maxConcurrent) {
      send({
        id: request.id,
        error: toWire(
          new TidelockError("unavailable", "too many calls at once on this connection", {
            retryable: true,
          }),
        ),
      });
      return;
    }
    running += 1;
    const answered = answer(request, handlers).then((frame) => {
      running -= 1;
      if (request.method === "hello") {
        greeted ||= frame.error === undefined;
        greeting = null;
      }
      send(frame);
    });
    if (request.method === "hello") greeting = answered;
  };
  const reader = new FrameReader((line) => take(parseRequest(line)));
  socket.on("data", (chunk) => {
    try {
      reader.push(chunk);
    } catch (error) {
      send({ id: null, error: toWire(error) });
      socket.destroySoon();
    }
  });
  socket.on("error", () => socket.destroy());
}

function parseRequest(line: string): RequestFrame | null {
  try {
    return RequestFrame.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

async function answer(request: RequestFrame, handlers: Handlers): Promise<AnswerFrame> {
  try {
    if (!isMethod(request.method)) {
      throw new TidelockError("unsupported", `this agent has no method ${request.method}`, {
        where: request.method,
        hint: `it speaks protocol ${protocolVersion}; start the agent of this version`,
      });
    }
    return { id: request.id, result: await dispatch(request.method, request.params, handlers) };
  } catch (error) {
    return { id: request.id, error: toWire(error) };
  }
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}

async function dispatch<M extends MethodName>(
  method: M,
  params: unknown,
  handlers: Handlers,
): Promise<unknown> {
  const parsed = methods[method].params.safeParse(params ?? {});
  if (!parsed.success) {
    throw new TidelockError("invalid-input", `${method}: ${explain(parsed.error)}`, {
      where: method,
      fault: "bug",
    });
  }
  // TypeScript cannot follow that the schema and the handler belong to the same method.
  const handler = handlers[method] as (params: unknown) => Promise<unknown>;
  const result = await handler(parsed.data);
  return methods[method].result.parse(result);
}

/** The first thing that does not fit, as `field: why`. Values are left out: they may be secrets. */
function explain(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? "does not fit" : `${issue.path.join(".")}: ${issue.message}`;
}

function encodeAnswer(frame: AnswerFrame): Buffer {
  try {
    return encodeFrame(frame);
  } catch (error) {
    return encodeFrame({ id: frame.id, error: toWire(error) }, maxFrameBytes);
  }
}
