import type { Socket } from "node:net";
import type { BackendConnection } from "./backend/connection.ts";
import { settings } from "./settings.ts";
import { closeFrame, FrameTracker } from "./websocket-frames.ts";

/** Going away: what a server says that no longer serves this (RFC 6455 section 7.4.1). */
const goingAway = 1001;
const reason = "the service behind this connection went away";

/**
 * Bytes both ways after 101, with backpressure and half-closes. A WebSocket can be asked to go away: the
 * frame under way in each direction is finished, then each side gets a Close frame with 1001.
 *
 *   open ──goAway──> leaving (each direction to its frame boundary, Close sent) ──> ended
 */
export class Tunnel {
  readonly #client: Socket;
  readonly #backend: BackendConnection;
  readonly #ended: (bytesToClient: number) => void;
  /** Null for protocols other than WebSocket. */
  readonly #toClient: FrameTracker | null;
  readonly #toBackend: FrameTracker | null;
  #leaving = false;
  #closeSentToClient = false;
  #closeSentToBackend = false;
  #clientEnded = false;
  #backendEnded = false;
  #timer: NodeJS.Timeout | null = null;
  #done = false;
  #bytesToClient = 0;
  #lastByteAt = performance.now();

  constructor(
    client: Socket,
    backend: BackendConnection,
    websocket: boolean,
    ended: (bytesToClient: number) => void,
  ) {
    this.#client = client;
    this.#backend = backend;
    this.#ended = ended;
    this.#toClient = websocket ? new FrameTracker() : null;
    this.#toBackend = websocket ? new FrameTracker() : null;
  }

  /** `data` is valid only during the call. */
  onBackendData(data: Buffer): void {
    if (this.#done || this.#closeSentToClient) return;
    this.#lastByteAt = performance.now();
    let relayed = data;
    if (this.#leaving && this.#toClient) {
      relayed = data.subarray(0, this.#toClient.untilBoundary(data));
    } else {
      this.#toClient?.advance(data);
    }
    if (relayed.length > 0) {
      this.#bytesToClient += relayed.length;
      if (!this.#client.write(Buffer.from(relayed))) this.#backend.pause();
    }
    if (this.#leaving) this.#sendCloses();
  }

  onBackendDrain(): void {
    this.#client.resume();
  }

  /** The backend ended its side, or is gone altogether. */
  onBackendEnd(gone: boolean): void {
    this.#backendEnded = true;
    // A WebSocket whose service is gone without a word gets the word from us.
    if (gone && !this.#closeSentToClient && this.#toClient?.atBoundary) this.#sendCloseToClient();
    if (gone || this.#clientEnded || this.#leaving) this.end();
    else this.#client.end();
  }

  onClientData(data: Buffer): void {
    if (this.#done) return;
    this.#lastByteAt = performance.now();
    if (this.#leaving && this.#toBackend) {
      this.#onLateClientData(data, this.#toBackend);
      return;
    }
    this.#toBackend?.advance(data);
    if (!this.#backend.write(data)) this.#client.pause();
  }

  onClientDrain(): void {
    this.#backend.resume();
  }

  onClientEnd(): void {
    this.#clientEnded = true;
    if (this.#backendEnded || this.#leaving) this.end();
    else this.#backend.endTunnel();
  }

  /** True when this ends a WebSocket politely, false when the protocol is another and the connection just ends. */
  goAway(): boolean {
    if (!this.#toClient) {
      this.end();
      return false;
    }
    if (this.#leaving) return true;
    this.#leaving = true;
    this.#timer = setTimeout(() => this.end(), settings.frameEndMs);
    this.#sendCloses();
    return true;
  }

  sweep(now: number): void {
    if (now - this.#lastByteAt > settings.idleBodyTimeoutMs) this.end();
  }

  /** Ends both sides. */
  end(): void {
    if (this.#done) return;
    this.#done = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#backend.destroy();
    // What was written (the Close frame) still leaves before the connection closes.
    this.#client.destroySoon();
    setTimeout(() => this.#client.destroy(), settings.lingerMs).unref();
    this.#ended(this.#bytesToClient);
  }

  /** After goAway: the rest of the frame under way goes on; what follows the boundary has no reader any more. */
  #onLateClientData(data: Buffer, tracker: FrameTracker): void {
    const end = this.#closeSentToBackend ? 0 : tracker.untilBoundary(data);
    if (end > 0) this.#backend.write(data.subarray(0, end));
    this.#sendCloses();
    tracker.advance(data.subarray(end));
    // The answer to our Close: both sides are done.
    if (this.#closeSentToClient && tracker.sawClose) this.end();
  }

  #sendCloseToClient(): void {
    this.#closeSentToClient = true;
    // Nothing may follow a Close that the backend itself has sent.
    if (!this.#toClient?.sawClose) this.#client.write(closeFrame(goingAway, reason, false));
  }

  #sendCloses(): void {
    if (!this.#closeSentToClient && this.#toClient?.atBoundary) this.#sendCloseToClient();
    if (!this.#closeSentToBackend && this.#toBackend?.atBoundary) {
      this.#closeSentToBackend = true;
      if (!this.#toBackend.sawClose) this.#backend.write(closeFrame(goingAway, reason, true));
    }
    if (this.#closeSentToClient && this.#closeSentToBackend) {
      if (this.#timer) clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.end(), settings.closeHandshakeMs);
    }
  }
}
