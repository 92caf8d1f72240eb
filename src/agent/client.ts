import { type Socket, createConnection } from "node:net";
import type { z } from "zod";
import { TidelockError } from "../model/errors.ts";
import { layout } from "../model/layout.ts";
import {
  type AgentInfo,
  type HostAgent,
  type MethodName,
  type Methods,
  type Params,
  type Result,
  methods,
  protocolVersion,
} from "../ports/host-agent.ts";
import { AnswerFrame, FrameReader, encodeFrame, fromWire } from "./protocol/frames.ts";

export interface AgentClientOptions {
  /** How this client calls itself in the agent's log. */
  readonly name?: string;
  /** How long one call keeps trying to reach an agent that does not answer. Milliseconds. */
  readonly connectTimeoutMs?: number;
  /** Replaces the limit of each call. Milliseconds. */
  readonly callTimeoutMs?: number;
  /** Told when nobody answers at the socket, while the call goes on trying: time to start an agent. */
  readonly onRefused?: () => void;
}

export interface AgentClient extends HostAgent {
  /** What the agent said of itself at the last connect; connects when there was none yet. */
  info(): Promise<AgentInfo>;
  close(): void;
}

interface Waiting {
  readonly method: MethodName;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: TidelockError) => void;
  readonly timer: NodeJS.Timeout;
}

interface Connection {
  readonly socket: Socket;
  readonly waiting: Map<number, Waiting>;
  readonly info: AgentInfo;
}

interface ConnectionEvents {
  /** It was open and is not any more. */
  readonly close: () => void;
  /** A try to open it has failed. */
  readonly refused: () => void;
}

/** Calls that wait for something outside the agent take longer than the rest. Milliseconds. */
const slowCalls: Partial<Record<MethodName, number>> = {
  "artifact.ensure": 600_000,
  "slot.prove": 120_000,
  "slot.destroy": 300_000,
  "lane.forget": 300_000,
  "agent.shutdown": 300_000,
};
const callTimeout = 30_000;

/**
 * Speaks to the agent of a data directory. Connects when first used and again whenever the connection
 * was lost; calls that were under way then fail with `unavailable` and may be sent again (they are
 * idempotent). Everything the agent refuses arrives as the `TidelockError` it threw.
 */
export function connectAgent(dataDir: string, options: AgentClientOptions = {}): AgentClient {
  const path = layout(dataDir).agentSocket;
  const name = options.name ?? `pid ${process.pid}`;
  const connectTimeout = options.connectTimeoutMs ?? 5_000;
  let connecting: Promise<Connection> | null = null;
  let closed = false;
  let nextId = 1;

  async function connection(): Promise<Connection> {
    if (closed) throw new TidelockError("cancelled", "this agent client is closed");
    const on: ConnectionEvents = {
      close: () => (connecting = null),
      refused: options.onRefused ?? (() => undefined),
    };
    connecting ??= open(path, name, connectTimeout, on).catch((error: unknown) => {
      connecting = null;
      throw error;
    });
    return connecting;
  }

  return {
    async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
      const to = await connection();
      const id = (nextId += 1);
      const limit = timeoutOf(method, params, options.callTimeoutMs);
      const result = await send(to, id, method, params, limit);
      return parseResult(method, result);
    },
    async info() {
      return (await connection()).info;
    },
    close() {
      closed = true;
      void connecting?.then(
        (open) => open.socket.destroy(),
        () => undefined,
      );
    },
  };
}

function timeoutOf(method: MethodName, params: unknown, override: number | undefined): number {
  const waits = (params as { waitMs?: unknown } | undefined)?.waitMs;
  return (override ?? slowCalls[method] ?? callTimeout) + (typeof waits === "number" ? waits : 0);
}

function send(
  to: Connection,
  id: number,
  method: MethodName,
  params: unknown,
  limitMs: number,
): Promise<unknown> {
  const bytes = encodeFrame({ id, method, params });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      to.waiting.delete(id);
      reject(
        new TidelockError("timeout", `the agent did not answer ${method} in ${limitMs} ms`, {
          retryable: true,
          where: method,
        }),
      );
    }, limitMs);
    to.waiting.set(id, { method, resolve, reject, timer });
    if (to.socket.destroyed) {
      settle(to.waiting, id)?.reject(lost(method));
      return;
    }
    to.socket.ref();
    to.socket.write(bytes);
  });
}

function parseResult<M extends MethodName>(method: M, result: unknown): Result<M> {
  const schema: z.ZodType = methods[method].result;
  const parsed = schema.safeParse(result);
  if (!parsed.success) {
    throw new TidelockError("incompatible", `the agent's answer to ${method} does not fit`, {
      fault: "bug",
      hint: "agent and server must be of one version: restart the older one",
      cause: parsed.error,
    });
  }
  return parsed.data as z.output<Methods[M]["result"]> as Result<M>;
}

function settle(waiting: Map<number, Waiting>, id: number): Waiting | undefined {
  const one = waiting.get(id);
  if (one === undefined) return undefined;
  waiting.delete(id);
  clearTimeout(one.timer);
  return one;
}

function lost(method: string): TidelockError {
  return new TidelockError("unavailable", `the agent went away before it answered ${method}`, {
    retryable: true,
    where: method,
    hint: "send the call again: the same operation is never done twice",
  });
}

/** Connects and greets; tries again until the limit, because an agent that restarts is back in a second. */
async function open(
  path: string,
  name: string,
  limitMs: number,
  on: ConnectionEvents,
): Promise<Connection> {
  const deadline = performance.now() + limitMs;
  for (let wait = 25; ; wait = Math.min(wait * 2, 250)) {
    try {
      return await openOnce(path, name, on.close);
    } catch (error) {
      const refused = error instanceof TidelockError && error.code === "incompatible";
      if (!refused) on.refused();
      if (refused || performance.now() + wait > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

async function openOnce(path: string, name: string, onClose: () => void): Promise<Connection> {
  const socket = await dial(path);
  const waiting = new Map<number, Waiting>();
  const reader = new FrameReader((line) => {
    const frame = AnswerFrame.parse(JSON.parse(line));
    if (frame.id === null)
      throw fromWire(frame.error ?? { code: "internal", message: "?", retryable: false });
    const one = settle(waiting, frame.id);
    if (waiting.size === 0) socket.unref();
    if (frame.error === undefined) one?.resolve(frame.result);
    else one?.reject(fromWire(frame.error));
  });
  socket.on("data", (chunk) => {
    try {
      reader.push(chunk);
    } catch {
      socket.destroy();
    }
  });
  socket.on("close", () => {
    onClose();
    for (const [id, one] of waiting) settle(waiting, id)?.reject(lost(one.method));
  });
  const info = await greet({ socket, waiting }, name).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  // An idle connection does not keep a command-line program running.
  socket.unref();
  return { socket, waiting, info };
}

async function greet(
  to: { readonly socket: Socket; readonly waiting: Map<number, Waiting> },
  name: string,
): Promise<AgentInfo> {
  const connection = to as Connection;
  const params = { protocols: [protocolVersion], client: name };
  return parseResult("hello", await send(connection, 0, "hello", params, 5_000));
}

function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
    socket.once("error", (error) =>
      reject(
        new TidelockError("unavailable", `no host agent answers: ${error.message}`, {
          where: path,
          retryable: true,
          hint: "start it with `tidelock server start`, or `node main.js --data-dir <dir>` of the agent",
          cause: error,
        }),
      ),
    );
  });
}
