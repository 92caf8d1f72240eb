import { once } from "node:events";
import type { FastifyReply, FastifyRequest } from "fastify";
import { asTidelockError } from "../model/errors.ts";
import { securityHeaders } from "./security-headers.ts";

/** One server-sent event (HTML Standard 9.2). `data` becomes one line of JSON. */
export interface SentEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: unknown;
}

/** Writes events to one client; every write waits for a slow reader instead of filling memory. */
export interface EventSink {
  send(event: SentEvent): Promise<void>;
  /** A comment: proves to proxies and clients that the line is alive. */
  heartbeat(): Promise<void>;
  /** Aborted when the client is gone or the server stops. */
  readonly signal: AbortSignal;
}

/**
 * Runs `produce` until it returns, the client goes away or `stopping` fires. An error before the first
 * byte is an ordinary answer; later it is an event named `error`.
 */
export async function serveEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  stopping: AbortSignal,
  produce: (sink: EventSink) => Promise<void>,
): Promise<void> {
  const raw = reply.raw;
  const gone = new AbortController();
  request.raw.socket.once("close", () => gone.abort());
  raw.once("close", () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stopping]);
  let open = false;

  const write = async (text: string): Promise<void> => {
    if (signal.aborted) return;
    if (!open) {
      open = true;
      reply.hijack();
      raw.writeHead(200, {
        ...securityHeaders,
        "content-type": "text/event-stream; charset=utf-8",
        "x-accel-buffering": "no",
      });
    }
    if (!raw.write(text)) await once(raw, "drain", { signal }).catch(() => undefined);
  };

  try {
    await produce({
      signal,
      send: (event) => write(encodeEvent(event)),
      heartbeat: () => write(": alive\n\n"),
    });
  } catch (error) {
    if (!open) throw error;
    if (!signal.aborted) {
      const known = asTidelockError(error);
      // A bug's own words may quote what they should not: only ours are shown.
      const message = known.code === "internal" ? "the stream broke off" : known.message;
      await write(encodeEvent({ event: "error", data: { code: known.code, message } }));
    }
  } finally {
    if (open) raw.end();
  }
  if (!open) {
    reply.hijack();
    raw.destroy();
  }
}

/** Line ends inside an id or a name would forge fields; JSON has none in its text. */
export function encodeEvent({ id, event, data }: SentEvent): string {
  const line = (name: string, value: string): string =>
    `${name}: ${value.replaceAll(/[\r\n\0]/g, " ")}\n`;
  return [
    id === undefined ? "" : line("id", id),
    event === undefined ? "" : line("event", event),
    data === undefined ? "" : line("data", JSON.stringify(data)),
    "\n",
  ].join("");
}
