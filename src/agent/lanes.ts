import { createHmac } from "node:crypto";
import { canonicalJson } from "../model/canonical.ts";
import { TidelockError } from "../model/errors.ts";
import { type Fence, compareFences } from "../model/primitives.ts";
import { type AgentState, keptOperations } from "./state/schema.ts";
import { type StateStore, laneIn } from "./state/store.ts";

/** What an effect found: done now, or done before by this very operation. */
export type Done = "done" | "replayed";

/**
 * Fencing where the effect happens. Effects of one lane run one after the other; each is judged by its
 * fence at the moment it would begin, so a frame that was held up anywhere on its way (a stopped server,
 * a slow socket) is refused when a newer fence has been seen since.
 */
export class Lanes {
  readonly #store: StateStore;
  readonly #contentKey: Buffer;
  readonly #queues = new Map<string, Promise<unknown>>();

  /** @param contentKey keeps digests of an operation's content (which may hold secrets) from being guessed */
  constructor(store: StateStore, contentKey: Buffer) {
    this.#store = store;
    this.#contentKey = contentKey;
  }

  /** Runs `work` alone in its lane, without a fence: for what the agent does by its own authority. */
  exclusive<T>(lane: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(lane) ?? Promise.resolve();
    const run = before.then(work, work);
    const settled = run.catch(() => undefined);
    this.#queues.set(lane, settled);
    void settled.then(() => {
      if (this.#queues.get(lane) === settled) this.#queues.delete(lane);
    });
    return run;
  }

  /** Accepts the fence, durably when it is new, then does `work`. Throws `stale-epoch` before any effect. */
  fenced<T>(fence: Fence, work: () => Promise<T>): Promise<T> {
    return this.exclusive(fence.lane, async () => {
      await this.#accept(fence);
      return work();
    });
  }

  /**
   * An effect that is done once: the same operation with the same content is answered with `replayed`
   * and changes nothing, even when later operations have changed the lane since.
   *
   * @param work does it; calling `mark` inside its own change of the state spares a second write. What
   *   it throws takes the mark away again.
   * @throws TidelockError `conflict` when the operation was used for other content.
   */
  effect(
    effect: { readonly fence: Fence; readonly operation: string },
    content: unknown,
    work: (mark: (draft: AgentState) => void) => Promise<void>,
  ): Promise<Done> {
    const { fence, operation } = effect;
    const mac = createHmac("sha256", this.#contentKey).update(canonicalJson(content)).digest("hex");
    return this.fenced(fence, async () => {
      const known = this.#store.lane(fence.lane).operations.find(isOperation(operation));
      if (known?.content === mac) return "replayed";
      if (known !== undefined) {
        throw new TidelockError("conflict", `operation ${operation} was already used`, {
          where: operation,
          fault: "bug",
          hint: "an operation's id stands for one content; use a new one",
        });
      }
      const mark = (draft: AgentState): void => {
        const { operations } = laneIn(draft, fence.lane);
        operations.push({ operation, content: mac });
        if (operations.length > keptOperations) operations.shift();
      };
      try {
        await work(mark);
      } catch (error) {
        await this.#unmark(fence.lane, operation);
        throw error;
      }
      if (!this.#isMarked(fence.lane, operation)) await this.#store.update(mark);
      return "done";
    });
  }

  #isMarked(lane: string, operation: string): boolean {
    return this.#store.lane(lane).operations.some(isOperation(operation));
  }

  async #unmark(lane: string, operation: string): Promise<void> {
    if (!this.#isMarked(lane, operation)) return;
    await this.#store.update((draft) => {
      const record = laneIn(draft, lane);
      record.operations = record.operations.filter((one) => one.operation !== operation);
    });
  }

  async #accept(fence: Fence): Promise<void> {
    const known = this.#store.lane(fence.lane).fence;
    const order = known === null ? 1 : compareFences(fence, known);
    if (known !== null && order < 0) {
      throw new TidelockError(
        "stale-epoch",
        `epoch ${fence.incarnation}.${fence.epoch} of ${fence.lane} is over: ` +
          `${known.incarnation}.${known.epoch} has taken its place`,
        {
          where: fence.lane,
          hint: "another server works on this environment now; nothing was changed",
        },
      );
    }
    if (order === 0) return;
    await this.#store.update((draft) => {
      laneIn(draft, fence.lane).fence = { ...fence };
    });
  }
}

function isOperation(operation: string): (one: { readonly operation: string }) => boolean {
  return (one) => one.operation === operation;
}

const lanePattern = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?\/[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The parts of `shop/production`. Throws `invalid-input` for anything else: lanes become paths. */
export function parseLane(lane: string): { service: string; environment: string } {
  const [service, environment] = lane.split("/");
  if (!lanePattern.test(lane) || service === undefined || environment === undefined) {
    throw new TidelockError("invalid-input", "a lane is written service/environment", {
      where: "lane",
    });
  }
  return { service, environment };
}

/** An effect may only touch the lane whose fence it shows. */
export function requireSameLane(fence: Fence, lane: string): void {
  parseLane(fence.lane);
  if (fence.lane !== lane) {
    throw new TidelockError("invalid-input", `a fence of ${fence.lane} gives no right to ${lane}`, {
      where: "fence.lane",
      fault: "bug",
    });
  }
}
