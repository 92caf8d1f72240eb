import { asTidelockError } from "../model/errors.ts";
import type { AgentInfo, HostAgent, MethodName, Params, Result } from "../ports/host-agent.ts";

/** Between two agents that did not come up. Milliseconds. */
const pauseMs = 5_000;

/** A connection to a host agent, as the agent's client makes it. */
export interface AgentConnection extends HostAgent {
  info(): Promise<AgentInfo>;
  close(): void;
}

/**
 * The engine's link to the host agent. An agent that has died is started again by whoever notices: what it
 * had started goes on meanwhile, and the new one adopts it.
 */
export class AgentLink implements HostAgent {
  readonly #connection: AgentConnection;
  readonly #ensure: () => Promise<AgentConnection>;
  readonly #notice: (message: string) => void;
  #info: AgentInfo | null = null;
  #starting: Promise<void> | undefined;
  #down = false;
  #notBefore = 0;

  /**
   * @param ensure starts an agent unless one answers
   * @param connection the one that is used; it reconnects by itself
   */
  constructor(
    ensure: () => Promise<AgentConnection>,
    connection: AgentConnection,
    notice: (message: string) => void,
  ) {
    this.#ensure = ensure;
    this.#connection = connection;
    this.#notice = notice;
  }

  /** What the agent said of itself when it was last reached. */
  get info(): AgentInfo | null {
    return this.#info;
  }

  /** Starts the agent where none answers. Throws `unavailable` with the reason. */
  async connect(): Promise<void> {
    (await this.#ensure()).close();
    this.#info = await this.#connection.info();
  }

  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    try {
      const result = await this.#connection.call(method, params);
      // Told to go, it is not started again by us.
      if (method === "agent.shutdown") this.#down = true;
      return result;
    } catch (error) {
      if (asTidelockError(error).code === "unavailable") this.startAgain();
      throw error;
    }
  }

  close(): void {
    this.#down = true;
    this.#connection.close();
  }

  /** Nobody answers: an agent is started, unless this is under way or it was told to go. */
  startAgain(): void {
    if (this.#down || this.#starting || performance.now() < this.#notBefore) return;
    this.#starting = this.connect()
      .catch((error: unknown) => {
        this.#notBefore = performance.now() + pauseMs;
        this.#notice(`the host agent does not come back: ${asTidelockError(error).message}`);
      })
      .finally(() => {
        this.#starting = undefined;
      });
  }
}
