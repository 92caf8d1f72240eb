import type { FaultOf, RelayCounts } from "../../../ports/host-agent-faults.ts";

type RelayFault = FaultOf<"latency"> | FaultOf<"error">;

/** Numbers from 0 to below 1, the same for the same seed (mulberry32, public domain). */
export function lots(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The first bytes of a request (RFC 9112 3). */
const requestLine = /^[A-Z]{3,12} \S{1,8000} HTTP\/1\.[01]\r?\n/;

/** What is done to the traffic of one dependency at present, and how often and how much it was. */
export class Effect {
  readonly fault: RelayFault;
  readonly #draw: () => number;
  connections = 0;
  resets = 0;
  statuses = 0;
  #delayed = 0;
  #abandoned = 0;
  #sum = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = 0;

  constructor(fault: RelayFault) {
    this.fault = fault;
    this.#draw = lots(fault.seed);
  }

  /** For a piece of what the service sends: how long to keep it, or how to fail it. */
  judge(piece: Buffer): { readonly keepMs: number } | "reset" | "status" {
    const { fault } = this;
    if (fault.kind === "latency") {
      const swing = (this.#draw() * 2 - 1) * fault.jitterMs;
      return { keepMs: Math.max(0, fault.addMs + swing) };
    }
    if (fault.how === "status" && !requestLine.test(piece.toString("latin1", 0, 9_000))) {
      return { keepMs: 0 };
    }
    return this.#draw() < fault.share ? fault.how : { keepMs: 0 };
  }

  /** @returns whether a new connection is to be refused before anything is sent */
  refuses(): boolean {
    this.connections += 1;
    const { fault } = this;
    return fault.kind === "error" && fault.how === "reset" && this.#draw() < fault.share;
  }

  /** @param ms that it was really kept back, by the clock */
  wasKept(ms: number, how: "late" | "lost"): void {
    if (how === "lost") {
      this.#abandoned += 1;
      return;
    }
    this.#delayed += 1;
    this.#sum += ms;
    this.#least = Math.min(this.#least, ms);
    this.#most = Math.max(this.#most, ms);
  }

  counts(): RelayCounts {
    const any = this.#delayed > 0;
    return {
      connections: this.connections,
      delayed: this.#delayed,
      leastMs: any ? Math.round(this.#least) : 0,
      meanMs: any ? Math.round(this.#sum / this.#delayed) : 0,
      mostMs: Math.round(this.#most),
      abandoned: this.#abandoned,
      resets: this.resets,
      statuses: this.statuses,
    };
  }
}

export const noCounts: RelayCounts = {
  connections: 0,
  delayed: 0,
  leastMs: 0,
  meanMs: 0,
  mostMs: 0,
  abandoned: 0,
  resets: 0,
  statuses: 0,
};
