import { uptime } from "node:os";
import { TidelockError } from "../../model/errors.ts";
import { type Colour, type Fence, otherColour } from "../../model/primitives.ts";
import { parseLane, requireSameLane } from "../lanes.ts";
import { bootId } from "../os/identity.ts";
import { type Parts, report } from "../parts.ts";
import type { Routes } from "../routes/routes.ts";
import type { Slots } from "../slots/slots.ts";
import type { ArmedReturn } from "../state/schema.ts";
import { laneIn } from "../state/store.ts";

interface ArmRequest {
  readonly fence: Fence;
  readonly operation: string;
  readonly lane: string;
  readonly to: Colour;
  readonly forMs: number;
  readonly onControlLoss: "hold" | "return";
  readonly controlLossMs: number;
}

/** A live colour without any ready instance for this long has failed its users. Milliseconds. */
const noInstanceMs = 500;
const tickMs = 100;

/**
 * The way back, armed in advance (law 1): while a window is open the agent returns the traffic to the
 * colour named in it by itself, with database and control plane gone if need be, and signs what it did.
 * It returns when the colour in use has no ready instance or crash-loops, and, where that was asked for,
 * when no control plane has been heard of for too long; never to a colour that could not answer.
 */
export class Returns {
  readonly #parts: Parts;
  readonly #slots: Slots;
  readonly #routes: Routes;
  readonly #withoutInstanceSince = new Map<string, number>();
  readonly #returning = new Set<string>();
  readonly #journaling = new Set<string>();
  #heardMono = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: Parts, slots: Slots, routes: Routes) {
    this.#parts = parts;
    this.#slots = slots;
    this.#routes = routes;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** A control plane has spoken. */
  heard(): void {
    this.#heardMono = performance.now();
  }

  async arm(request: ArmRequest): Promise<void> {
    requireSameLane(request.fence, request.lane);
    const { fence: _, ...content } = request;
    await this.#parts.lanes.effect(request, content, async () => {
      if (this.#parts.store.lane(request.lane).route === null) {
        throw new TidelockError("not-found", `${request.lane} has no route to return`, {
          where: request.lane,
          fault: "bug",
        });
      }
      const { lane, operation, to, onControlLoss, controlLossMs, forMs } = request;
      await this.#parts.journal.append({
        kind: "arm",
        lane,
        operation,
        detail: { to, onControlLoss, controlLossMs, forMs },
      });
      const armed: ArmedReturn = {
        operation,
        to,
        bootId: bootId(),
        untilUptimeMs: uptimeMs() + forMs,
        untilWallMs: Date.now() + forMs,
        onControlLoss,
        controlLossMs,
      };
      await this.#parts.store.update((draft) => {
        laneIn(draft, lane).armed = armed;
      });
    });
  }

  async disarm(effect: { fence: Fence; operation: string }, lane: string): Promise<void> {
    requireSameLane(effect.fence, lane);
    await this.#parts.lanes.effect(effect, { disarm: lane }, async () => {
      const { operation } = effect;
      await this.#parts.journal.append({ kind: "disarm", lane, operation, detail: {} });
      await this.disarmNow(lane);
    });
  }

  /** Inside the lane's queue only. */
  async disarmNow(lane: string): Promise<void> {
    if (this.#parts.store.lane(lane).armed === null) return;
    await this.#parts.store.update((draft) => {
      laneIn(draft, lane).armed = null;
    });
  }

  #tick(): void {
    for (const [lane, { armed, returned }] of Object.entries(this.#parts.store.current.lanes)) {
      if (returned !== null) void this.#journalReturn(lane);
      if (armed === null || this.#returning.has(lane)) continue;
      const reason = isOver(armed) ? "over" : this.#reasonFor(lane, armed);
      if (reason === null) continue;
      this.#returning.add(lane);
      const act = reason === "over" ? this.#expire(lane, armed) : this.#return(lane, armed, reason);
      void act
        .catch((error: unknown) => report(`${lane}: return: ${String(error)}`))
        .finally(() => this.#returning.delete(lane));
    }
  }

  /** Why the traffic must go back now; null while it need not, or cannot. */
  #reasonFor(lane: string, armed: ArmedReturn): string | null {
    const { route } = this.#parts.store.lane(lane);
    const colour = otherColour(armed.to);
    if (route === null || route.weights[colour] === 0) {
      this.#withoutInstanceSince.delete(lane);
      return null;
    }
    const slot = parseLane(lane);
    const ready = this.#slots.runner({ ...slot, colour }).backends().length > 0;
    if (ready) this.#withoutInstanceSince.delete(lane);
    else if (!this.#withoutInstanceSince.has(lane)) {
      this.#withoutInstanceSince.set(lane, performance.now());
    }
    if (this.#slots.runner({ ...slot, colour: armed.to }).backends().length === 0) return null;
    const since = this.#withoutInstanceSince.get(lane);
    if (since !== undefined && performance.now() - since >= noInstanceMs) {
      const { message } = this.#slots.observe({ ...slot, colour });
      return `${colour} has no ready instance: ${message}`;
    }
    const silence = performance.now() - this.#heardMono;
    if (armed.onControlLoss === "return" && silence >= armed.controlLossMs) {
      return `no control plane was heard for ${Math.round(silence)} ms`;
    }
    return null;
  }

  async #return(lane: string, armed: ArmedReturn, reason: string): Promise<void> {
    await this.#parts.lanes.exclusive(lane, async () => {
      // While this waited for its turn the control plane may have acted itself.
      const now = this.#parts.store.lane(lane).armed;
      if (now?.operation !== armed.operation || this.#reasonFor(lane, armed) === null) return;
      report(`${lane}: returning traffic to ${armed.to}: ${reason}`);
      await this.#routes.giveTo(lane, armed.to, armed.operation, reason);
    });
  }

  /** Writes down what was done; again and again until there is space for it. */
  async #journalReturn(lane: string): Promise<void> {
    if (this.#journaling.has(lane)) return;
    this.#journaling.add(lane);
    try {
      const { returned } = this.#parts.store.lane(lane);
      if (returned === null) return;
      await this.#parts.journal.append({ kind: "return", lane, ...returned });
      await this.#parts.store.update((draft) => {
        laneIn(draft, lane).returned = null;
      });
    } catch (error) {
      report(`${lane}: the journal does not take a return: ${String(error)}`);
    } finally {
      this.#journaling.delete(lane);
    }
  }

  async #expire(lane: string, armed: ArmedReturn): Promise<void> {
    await this.#parts.store.update((draft) => {
      const record = laneIn(draft, lane);
      if (record.armed?.operation === armed.operation) record.armed = null;
    });
  }
}

/** Counts on while the wall clock jumps. */
function uptimeMs(): number {
  return uptime() * 1000;
}

function isOver(armed: ArmedReturn): boolean {
  return armed.bootId === bootId()
    ? uptimeMs() >= armed.untilUptimeMs
    : Date.now() >= armed.untilWallMs;
}
