import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { accessLine, type AccessLog } from "./access-log.ts";
import { HttpFlight, refusalHeaders, refusalText, sendRefusal, type FlightEnd } from "./flight.ts";
import { preciseNow, type ColourTarget, type Lane, type LaneSnapshot } from "./lane.ts";
import { grpcRefusal, readRequest, type RequestHead } from "./request-head.ts";
import { verifyTester } from "./tester.ts";
import { plainAddress } from "./trusted-proxies.ts";
import type { Colour } from "../../model/primitives.ts";

/** What the router knows about a client's connection. Requests on it are served one after the other. */
interface Peer {
  readonly address: string;
  readonly secure: boolean;
  flight: HttpFlight | null;
  /** A request of it is being served. */
  busy: boolean;
  /** Pipelined requests that wait for the one before them. */
  readonly waiting: (() => void)[];
}

interface Choice {
  readonly target: ColourTarget;
  readonly tester: boolean;
}

interface Refused {
  readonly status: number;
  readonly code: string;
  readonly text: string;
  readonly colour: Colour | null;
}

/** Serves the requests of one lane: reads, decides where each goes, refuses, logs. */
export class LaneServer {
  readonly lane: Lane;
  readonly #log: AccessLog;
  readonly #peers = new WeakMap<Socket, Peer>();
  readonly #idPrefix: string;
  #ids = 0;

  constructor(lane: Lane, log: AccessLog) {
    this.lane = lane;
    this.#log = log;
    this.#idPrefix = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  }

  onRequest(request: IncomingMessage, response: ServerResponse, expectContinue: boolean): void {
    const peer = this.#peerOf(request.socket);
    if (peer.busy) {
      // Order on one connection is a promise to the client: a later request must not overtake a POST.
      peer.waiting.push(() => this.#serve(peer, request, response, expectContinue, null));
    } else this.#serve(peer, request, response, expectContinue, null);
  }

  onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const peer = this.#peerOf(socket);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    const serve = (): void => {
      if (socket.destroyed) return;
      response.assignSocket(socket);
      // Outside Node's server nobody tells the response that its socket has room again, or is done.
      socket.on("drain", () => response.emit("drain"));
      socket.on("error", () => socket.destroy());
      response.on("finish", () => socket.destroySoon());
      this.#serve(peer, request, response, false, { socket, head });
    };
    if (peer.busy) peer.waiting.push(serve);
    else serve();
  }

  /** What could not be read as a request: answer in raw bytes and close. */
  onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const { status, code, text } = parseRefusal(error);
    const peer = this.#peerOf(socket);
    // While a response is on its way, anything written here would become part of it.
    if (!peer.busy) {
      const id = this.#nextId();
      const body = refusalText(code, text, id);
      const fields = refusalHeaders(code, status);
      let head = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;
      for (let i = 0; i < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`;
      head += `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`;
      socket.end(head + body);
      setTimeout(() => socket.destroy(), 1_000).unref();
      this.#logRefusal({ status, code, id, peer, method: "", path: "", colour: null });
    } else socket.destroy();
  }

  #peerOf(socket: Socket): Peer {
    const known = this.#peers.get(socket);
    if (known) return known;
    const peer: Peer = {
      address: plainAddress(socket.remoteAddress),
      secure: (socket as TLSSocket).encrypted === true,
      flight: null,
      busy: false,
      waiting: [],
    };
    this.#peers.set(socket, peer);
    socket.on("close", () => {
      peer.waiting.length = 0;
      peer.flight?.clientGone();
    });
    return peer;
  }

  #serve(
    peer: Peer,
    request: IncomingMessage,
    response: ServerResponse,
    expectContinue: boolean,
    upgrade: { socket: Socket; head: Buffer } | null,
  ): void {
    const started = performance.now();
    peer.busy = true;
    const { snapshot } = this.lane;
    const client = {
      address: peer.address,
      trusted: snapshot.trusts(peer.address),
      secure: peer.secure,
    };
    const head = readRequest(request, client, () => this.#nextId());
    if (head.kind === "refusal") {
      this.#refuse(peer, request, response, { ...head, colour: null }, this.#nextId());
      return;
    }
    if (head.body.kind === "length" && head.body.bytes > snapshot.route.limits.bodyBytes) {
      const text = `the body is larger than ${snapshot.route.limits.bodyBytes} bytes`;
      const refused = { status: 413, code: "body-too-large", text, colour: null };
      this.#refuse(peer, request, response, refused, head.requestId);
      return;
    }
    const choice = chooseTarget(snapshot, head, this.lane.key);
    if ("status" in choice) {
      this.#refuse(peer, request, response, choice, head.requestId);
      return;
    }
    const flight = new HttpFlight({
      lane: this.lane,
      target: choice.target,
      head,
      request,
      response,
      expectContinue,
      upgrade,
      bodyLimit: snapshot.route.limits.bodyBytes,
      onDone: (end) => {
        this.lane.end(flight, end.failed);
        this.#logEnd(peer, request, head, choice, end, started);
        this.#next(peer);
      },
    });
    peer.flight = flight;
    this.lane.begin(flight, choice.tester);
    flight.start();
  }

  /** Lets the next pipelined request of this connection begin. */
  #next(peer: Peer): void {
    peer.flight = null;
    peer.busy = false;
    const waiting = peer.waiting.shift();
    if (waiting) setImmediate(waiting);
  }

  #refuse(
    peer: Peer,
    request: IncomingMessage,
    response: ServerResponse,
    refused: Refused,
    id: string,
  ): void {
    const headers = refusalHeaders(refused.code, refused.status);
    // After a request that we did not understand, or whose body we did not read, nothing on this connection is certain.
    if (refused.status !== 503 || !request.complete) headers.push("connection", "close");
    sendRefusal(
      response,
      refused.status,
      headers,
      refusalText(refused.code, `${this.lane.key}: ${refused.text}`, id),
    );
    this.#logRefusal({
      status: refused.status,
      code: refused.code,
      id,
      peer,
      method: request.method ?? "",
      path: request.url ?? "",
      colour: refused.colour,
    });
    this.#next(peer);
  }

  #nextId(): string {
    return `${this.#idPrefix}-${(this.#ids++).toString(36)}`;
  }

  #logEnd(
    peer: Peer,
    request: IncomingMessage,
    head: RequestHead,
    choice: Choice,
    end: FlightEnd,
    started: number,
  ): void {
    const line = accessLine(
      {
        lane: this.lane.key,
        colour: choice.target.colour,
        release: choice.target.releaseName,
        status: end.status,
        bytes: end.bytes,
        ms: performance.now() - started,
        id: head.requestId,
        client: peer.address,
        method: request.method ?? "",
        path: head.target,
        cause: end.cause,
        tester: choice.tester,
      },
      preciseNow(),
    );
    this.#log.append(line);
  }

  #logRefusal(refusal: {
    status: number;
    code: string;
    id: string;
    peer: Peer;
    method: string;
    path: string;
    colour: Colour | null;
  }): void {
    const line = accessLine(
      {
        lane: this.lane.key,
        colour: refusal.colour,
        release: null,
        status: refusal.status,
        bytes: 0,
        ms: 0,
        id: refusal.id,
        client: refusal.peer.address,
        method: refusal.method,
        // An absolute target may hold user and password.
        path: refusal.path.startsWith("/") ? refusal.path : "",
        cause: refusal.code,
        tester: false,
      },
      preciseNow(),
    );
    this.#log.append(line);
  }
}

/** The colour for this request: a tester's is the idle one or nothing, everybody else's goes by weight. */
function chooseTarget(snapshot: LaneSnapshot, head: RequestHead, lane: string): Choice | Refused {
  const tester = head.tester !== null;
  if (tester) {
    const verdict = verifyTester(head.tester, snapshot.testerKey, lane);
    if (verdict.kind !== "valid") {
      const text = "the tester credential is not valid here, or no longer";
      return { status: 403, code: "tester-refused", text, colour: null };
    }
  }
  const colour = tester ? snapshot.idle : snapshot.wheel.next();
  if (colour === null) {
    const text = tester ? "there is no idle colour now" : "no release is live";
    return { status: 503, code: tester ? "no-idle-colour" : "no-live-release", text, colour };
  }
  const target = snapshot.targets[colour];
  if (target.releaseName === null) {
    return { status: 503, code: "no-release", text: `the ${colour} colour has no release`, colour };
  }
  if (target.pools.length === 0) {
    const text = `no instance of ${target.releaseName} on ${colour} is ready`;
    return { status: 503, code: "no-ready-instance", text, colour };
  }
  return { target, tester };
}

/** What llhttp's complaint means to the client. */
function parseRefusal(error: NodeJS.ErrnoException): {
  status: number;
  code: string;
  text: string;
} {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, code: "header-too-large", text: "the header is too large" };
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return { status: 413, code: "chunk-extensions-too-large", text: "too many chunk extensions" };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, code: "slow-header", text: "the header came too slowly" };
    case "HPE_PAUSED_H2_UPGRADE":
      return grpcRefusal;
    default:
      return {
        status: 400,
        code: "not-http",
        text: `not a valid HTTP/1.1 request (${error.code ?? "unknown"})`,
      };
  }
}

function reasonOf(status: number): string {
  return status === 431
    ? "Request Header Fields Too Large"
    : status === 413
      ? "Content Too Large"
      : status === 408
        ? "Request Timeout"
        : status === 505
          ? "HTTP Version Not Supported"
          : "Bad Request";
}
