import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../../../model/errors.ts";
import { randomUUID } from "node:crypto";
import type { CheckContext } from "../../../ports/check.ts";
import type { SlotObservation } from "../../../ports/host-agent.ts";
import { errorIn, normalise } from "./signature.ts";

type Instance = SlotObservation["instances"][number];

export interface Crash {
  readonly says: string;
  readonly signature: string;
}

type WatchContext = Pick<CheckContext, "agent" | "slot" | "signal" | "fence" | "run">;

const pollMs = 100;
/** So often instances that the agent has given up are started anew. */
const mostRevivals = 20;

/**
 * What the host agent knows of the instances under test: whether one ended, and how much memory they have. Where
 * there is no agent to ask (another target, a replay by hand) it knows nothing, and says so.
 */
export class ProcessWatch {
  readonly #context: WatchContext | null;
  #known = new Map<string, string>();
  #sees = false;
  #revivals = 0;
  #state: SlotObservation["state"] = "ready";

  constructor(context: WatchContext | null) {
    this.#context = context?.slot === null ? null : context;
  }

  /** False when endings of processes cannot be seen; then only lost connections are. */
  get sees(): boolean {
    return this.#sees;
  }

  async begin(): Promise<void> {
    const instances = await this.#observe();
    this.#sees = instances !== null;
    this.#remember(instances ?? []);
  }

  /** The first instance that ended since it was last asked, once. */
  async crash(): Promise<Crash | null> {
    if (!this.#sees) return null;
    const instances = await this.#observe();
    const ended = instances?.find((one) => {
      const before = this.#known.get(one.id);
      return before === undefined || before !== lifeOf(one);
    });
    if (instances === null || instances === undefined || ended === undefined) return null;
    this.#remember(instances);
    const how = normalise(ended.lastExit ?? "it ended");
    const error = errorIn(ended.logTail.join("\n"));
    return {
      says: `the process ended (${how}) and had to be started again`,
      signature: error === null ? "" : error.slice(0, 300),
    };
  }

  /** After a connection was lost: whether that was the process's end. */
  async crashSoon(withinMs = 1_500): Promise<Crash | null> {
    const ends = performance.now() + withinMs;
    for (;;) {
      const crash = await this.crash();
      if (crash !== null || !this.#sees || performance.now() > ends) return crash;
      await sleep(pollMs, undefined, { signal: this.#context?.signal });
    }
  }

  /**
   * Waits until every instance answers again; one that ended so often that the agent gave it up is started anew,
   * with empty state. False when it does not come back in time.
   */
  async ready(withinMs = 30_000): Promise<boolean> {
    const ends = performance.now() + withinMs;
    while (this.#sees) {
      const instances = await this.#observe();
      if (instances?.every(({ state }) => state === "ready") === true) {
        this.#remember(instances);
        return true;
      }
      if (performance.now() > ends) return false;
      if (this.#state === "failed") await this.#revive();
      await sleep(pollMs, undefined, { signal: this.#context?.signal });
    }
    return true;
  }

  async #revive(): Promise<void> {
    if (this.#context === null || this.#context.slot === null) return;
    if ((this.#revivals += 1) > mostRevivals) return;
    const { agent, slot, fence, run } = this.#context;
    const operation = `${run}/revive/${randomUUID()}`.slice(-200);
    await agent.call("slot.reset", { fence, operation, slot });
  }

  /** Bytes of all instances' processes together; null where it cannot be seen. */
  async memory(): Promise<number | null> {
    if (!this.#sees || this.#context === null || this.#context.slot === null) return null;
    try {
      const { visible, instances } = await this.#context.agent.call("slot.memory", {
        slot: this.#context.slot,
      });
      return visible ? instances.reduce((sum, { rssBytes }) => sum + rssBytes, 0) : null;
    } catch (error) {
      if (error instanceof TidelockError) return null;
      throw error;
    }
  }

  #remember(instances: readonly Instance[]): void {
    for (const one of instances) this.#known.set(one.id, lifeOf(one));
  }

  async #observe(): Promise<readonly Instance[] | null> {
    if (this.#context === null || this.#context.slot === null) return null;
    try {
      const seen = await this.#context.agent.call("slot.observe", { slot: this.#context.slot });
      this.#state = seen.state;
      return seen.instances;
    } catch (error) {
      // An agent that is being replaced, or a target without one.
      if (error instanceof TidelockError) return null;
      throw error;
    }
  }
}

/** Changes when the process is another one, or is no more. */
function lifeOf({ pid, restarts, startedAt, state }: Instance): string {
  return JSON.stringify([
    state === "backoff" || state === "exited" ? null : pid,
    restarts,
    startedAt,
  ]);
}
