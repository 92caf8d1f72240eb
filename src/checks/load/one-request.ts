import { type Agent, request as plainRequest, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP } from "node:net";
import type { Failure, LoadOrder } from "./protocol.ts";

export type Outcome =
  | { readonly kind: "answer"; readonly status: number; readonly whole: Failure | null }
  | { readonly kind: "failure"; readonly failure: Failure }
  /** This machine could not send it: no port, no file descriptor. */
  | { readonly kind: "starved" };

export interface Wanted {
  readonly agent: Agent;
  readonly target: LoadOrder["targets"][number];
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Text that the answer must have. */
  readonly contains: string | null;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly onBytes: (bytes: number) => void;
}

/** Sends one request and says exactly once how it ended. It follows no redirect and tries nothing again. */
export function send(wanted: Wanted, done: (outcome: Outcome) => void): void {
  let ended = false;
  const end = (outcome: Outcome, destroy = true) => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    if (destroy) outgoing.destroy();
    done(outcome);
  };
  const fail = (failure: Failure) => end({ kind: "failure", failure });
  // What came in while this process was busy is read first: timers run before sockets.
  const timer = setTimeout(() => setImmediate(() => fail("timeout")), wanted.timeoutMs);
  let answering = false;
  const make = wanted.target.secure ? tlsRequest : plainRequest;
  const outgoing = make(optionsOf(wanted), (response) => {
    answering = true;
    const status = response.statusCode ?? 0;
    const search = wanted.contains === null ? null : new Search(wanted.contains);
    let size = 0;
    response.on("data", (chunk: Buffer) => {
      size += chunk.length;
      wanted.onBytes(chunk.length);
      search?.take(chunk);
      if (size > wanted.maxBodyBytes) fail("too-large");
    });
    response.on("end", () => {
      if (!response.complete) return fail("cut");
      const whole = search === null || search.found ? null : "wrong-body";
      end({ kind: "answer", status, whole }, false);
    });
    response.on("error", () => fail("cut"));
  });
  outgoing.on("upgrade", (_response, socket) => {
    socket.destroy();
    fail("upgrade");
  });
  outgoing.on("error", (error: NodeJS.ErrnoException) => {
    const code = error.code ?? "";
    if (starving.has(code)) end({ kind: "starved" });
    else fail(answering && code === "ECONNRESET" ? "cut" : failureOf(code));
  });
  // With an answer its own end decides, which may come after the connection's.
  outgoing.on("close", () => {
    if (!answering) fail("reset");
  });
  outgoing.end(wanted.body ?? undefined);
}

/** Looks for a text in a stream and keeps no more of it than the text's own length. */
class Search {
  found = false;
  readonly #text: Buffer;
  #tail: Buffer = Buffer.alloc(0);

  constructor(text: string) {
    this.#text = Buffer.from(text);
  }

  take(chunk: Buffer): void {
    if (this.found) return;
    const seam = this.#text.length - 1;
    const joined = Buffer.concat([this.#tail, chunk]);
    this.found = joined.includes(this.#text);
    this.#tail = Buffer.from(joined.subarray(Math.max(0, joined.length - seam)));
  }
}

const starving: ReadonlySet<string> = new Set([
  "EADDRNOTAVAIL",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
]);

function failureOf(code: string): Failure {
  if (code === "ECONNREFUSED") return "refused";
  if (code === "ECONNRESET" || code === "EPIPE") return "reset";
  if (code === "ETIMEDOUT") return "timeout";
  return code.startsWith("HPE_") ? "garbage" : "other";
}

function optionsOf(wanted: Wanted): RequestOptions & { servername?: string } {
  const { target, body } = wanted;
  const headers: Record<string, string> = { host: target.authority, accept: "*/*" };
  for (const [name, value] of Object.entries(wanted.headers)) headers[name.toLowerCase()] = value;
  if (body !== null) headers["content-length"] = `${Buffer.byteLength(body)}`;
  return {
    agent: wanted.agent,
    host: target.address,
    port: target.port,
    method: wanted.method,
    path: wanted.path,
    headers,
    setHost: false,
    ...(target.secure && isIP(target.host) === 0 ? { servername: target.host } : {}),
  };
}
