import type { AccessLog } from "./access-log.ts";
import type { ClientConnection, ClientOwner, RequestHandler } from "./client/connection.ts";
import { parseRequestHead, type Refusal, type RequestHead } from "./client/request-head.ts";
import { Crowd } from "./crowd.ts";
import { HttpFlight, refuseRequest, type FlightEnd, type FlightOwner } from "./flight.ts";
import { preciseNow, type ColourTarget, type Lane, type LaneSnapshot } from "./lane.ts";
import { verifyTester } from "./tester.ts";
import type { Colour } from "../../model/primitives.ts";

interface Choice {
  readonly kind: "choice";
  readonly target: ColourTarget;
  readonly tester: boolean;
}

/** Serves the requests of one lane: decides where each goes, refuses, logs. */
export class LaneServer implements ClientOwner, FlightOwner {
  readonly lane: Lane;
  readonly #log: AccessLog;
  readonly #connections = new Crowd<ClientConnection>();
  readonly #idPrefix = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  #ids = 0;
  #dateSecond = 0;
  #date = "";

  constructor(lane: Lane, log: AccessLog) {
    this.lane = lane;
    this.#log = log;
  }

  add(connection: ClientConnection): void {
    this.#connections.add(connection);
  }

  onClosed(connection: ClientConnection): void {
    this.#connections.remove(connection);
  }

  /** Ends each connection after one more response, silent ones after a moment. */
  closeConnections(): void {
    this.#connections.each((connection) => connection.closeSoon());
  }

  sweep(now: number): void {
    this.#connections.each((connection) => connection.sweep(now));
  }

  headerBytes(): number {
    return this.lane.snapshot.route.limits.headerBytes;
  }

  date(): string {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#dateSecond) {
      this.#dateSecond = second;
      this.#date = new Date(now).toUTCString();
    }
    return this.#date;
  }

  parse(text: string, connection: ClientConnection): RequestHead | Refusal {
    const { address, secure } = connection;
    const trusted = this.lane.snapshot.trusts(address);
    return parseRequestHead(text, { address, secure, trusted }, () => this.#nextId());
  }

  serve(head: RequestHead, connection: ClientConnection): RequestHandler | null {
    const { snapshot } = this.lane;
    const { bodyBytes } = snapshot.route.limits;
    if (head.body.kind === "length" && head.body.bytes > bodyBytes) {
      const text = `the body is larger than ${bodyBytes} bytes`;
      this.#refuse(connection, head, refusal(413, "body-too-large", text), null);
      return null;
    }
    const colour = chooseColour(snapshot, head, this.lane.key);
    if (typeof colour === "object") {
      this.#refuse(connection, head, colour, null);
      return null;
    }
    const choice = chooseTarget(snapshot, colour, head.tester !== null);
    if (choice.kind === "refusal") {
      this.#refuse(connection, head, choice, colour);
      return null;
    }
    const { target, tester } = choice;
    const flight = new HttpFlight(this, connection, head, target, tester, bodyBytes);
    this.lane.begin(flight, tester);
    if (head.scan !== null) this.lane.marked(head.scan, target.colour, tester);
    return flight;
  }

  onFlightEnd(flight: HttpFlight, end: FlightEnd): void {
    this.lane.end(flight, end.failed);
    const { head, target, client } = flight;
    const ms = performance.now() - flight.startedAt;
    if (!flight.tester) this.lane.met(target.colour, metOf(end), end.status === 101 ? null : ms);
    this.#log.append(
      {
        lane: this.lane.key,
        colour: target.colour,
        release: target.releaseName,
        status: end.status,
        bytes: end.bytes,
        ms,
        id: head.requestId,
        client: client.address,
        method: head.method,
        path: head.target,
        cause: end.cause,
        tester: flight.tester,
      },
      preciseNow(),
    );
  }

  /** A request that could not be read. */
  onRefused(refused: Refusal, connection: ClientConnection): void {
    const id = this.#nextId();
    refuseRequest(connection, refused.status, refused.code, refused.text, id);
    this.#logRefusal(connection, refused, id, "", "", null);
  }

  #refuse(
    connection: ClientConnection,
    head: RequestHead,
    refused: Refusal,
    colour: Colour | null,
  ): void {
    const text = `${this.lane.key}: ${refused.text}`;
    refuseRequest(connection, refused.status, refused.code, text, head.requestId);
    if (colour !== null && head.tester === null && refused.status >= 500) {
      this.lane.met(colour, "failed", null);
    }
    this.#logRefusal(connection, refused, head.requestId, head.method, head.target, colour);
  }

  #logRefusal(
    connection: ClientConnection,
    refused: Refusal,
    id: string,
    method: string,
    path: string,
    colour: Colour | null,
  ): void {
    this.#log.append(
      {
        lane: this.lane.key,
        colour,
        release: null,
        status: refused.status,
        bytes: 0,
        ms: 0,
        id,
        client: connection.address,
        method,
        path,
        cause: refused.code,
        tester: false,
      },
      preciseNow(),
    );
  }

  #nextId(): string {
    return `${this.#idPrefix}-${(this.#ids++).toString(36)}`;
  }
}

/** What a user got. An answer that broke off in the middle is none, whatever its status was. */
function metOf({ status, cause, failed }: FlightEnd): "answered" | "failed" | "abandoned" {
  if (failed || status >= 500) return "failed";
  return cause === "client-gone" || cause === "client-stalled" ? "abandoned" : "answered";
}

/** A tester's colour is the idle one or none, everybody else's goes by weight. */
function chooseColour(snapshot: LaneSnapshot, head: RequestHead, lane: string): Colour | Refusal {
  if (head.tester === null) {
    return snapshot.wheel.next() ?? refusal(503, "no-live-release", "no release is live");
  }
  if (verifyTester(head.tester, snapshot.testerKey, lane).kind !== "valid") {
    return refusal(403, "tester-refused", "the tester credential is not valid here, or no longer");
  }
  return snapshot.idle ?? refusal(503, "no-idle-colour", "there is no idle colour now");
}

function chooseTarget(snapshot: LaneSnapshot, colour: Colour, tester: boolean): Choice | Refusal {
  const target = snapshot.targets[colour];
  if (target.releaseName === null) {
    return refusal(503, "no-release", `the ${colour} colour has no release`);
  }
  if (target.pools.length === 0) {
    const text = `no instance of ${target.releaseName} on ${colour} is ready`;
    return refusal(503, "no-ready-instance", text);
  }
  return { kind: "choice", target, tester };
}

function refusal(status: number, code: string, text: string): Refusal {
  return { kind: "refusal", status, code, text };
}
