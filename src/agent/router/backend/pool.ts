import { BackendConnection, type ConnectionOwner } from "./connection.ts";
import { settings } from "../settings.ts";

/**
 * The connections to one backend of one release. A pool never outlives its release: the same address
 * with another release is another pool, so that no connection to an old process can answer for a new one.
 */
export class BackendPool implements ConnectionOwner {
  readonly host: string;
  readonly port: number;
  /** Exchanges and tunnels under way: what least-connections compares. */
  inFlight = 0;
  /** `performance.now()` until which it is asked last, after a refused connection. */
  suspectUntil = 0;
  /** Most recently used last. */
  readonly #idle: BackendConnection[] = [];
  #open = 0;
  #retired = false;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
  }

  get open(): number {
    return this.#open;
  }

  get address(): string {
    return this.host.includes(":") ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  /** A connection for one exchange; `fresh` never answers one that was used before. */
  acquire(fresh: boolean): BackendConnection {
    if (!fresh) {
      const youngest = this.#idle.pop();
      if (youngest) return youngest;
    }
    this.#open++;
    return new BackendConnection(this.host, this.port, this);
  }

  /** Closes what is idle; what is busy closes when its exchange ends. */
  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Closes connections that have been idle for longer than backends like. */
  sweep(now: number): void {
    const limit = now - settings.backendIdleMs;
    let expired = 0;
    for (const connection of this.#idle) {
      if (connection.idleSince > limit) break;
      expired++;
    }
    for (const connection of this.#idle.splice(0, expired)) connection.destroy();
  }

  onIdle(connection: BackendConnection): void {
    if (this.#retired || this.#idle.length >= settings.backendIdleConnections) connection.destroy();
    else this.#idle.push(connection);
  }

  onClosed(connection: BackendConnection): void {
    this.#open--;
    const index = this.#idle.indexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
  }
}
