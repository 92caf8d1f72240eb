import { setTimeout as sleep } from "node:timers/promises";
import { asTidelockError } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";
import type { CheckReport, WitnessedIdentity } from "../../model/verdict.ts";
import { contradictionAt, contradictionIn } from "../../policy/identity.ts";
import type { IdentityProof, SlotSockets } from "../../ports/host-agent.ts";
import type { Slot } from "../../model/primitives.ts";
import type { Target } from "../../ports/target.ts";
import type { Engine } from "../engine.ts";

type Grade = WitnessedIdentity["before"];

/** Exactly what has to stand on the colour from the first request of a check to its last. */
export interface Expected {
  readonly slot: Slot;
  readonly release: string;
  readonly generation: string;
}

/** A stranger at a port is looked at twice: a socket may be handed over between two of our reads. */
const confirmMs = 250;

/**
 * Watches whom a check tests (law 10): a whole proof before, one every few seconds, and one after it; and in
 * between, about every second, who holds the sockets. What contradicts the plan ends the run: it is void.
 * That an instance is started again from the same digest is no contradiction, and is said.
 */
export class IdentityWatch {
  readonly #engine: Pick<Engine, "agent" | "settings">;
  readonly #target: Target;
  readonly #expected: Expected;
  readonly #onVoid: () => void;
  readonly #stop = new AbortController();
  readonly #pids = new Map<string, string>();
  readonly #restarts: string[] = [];
  #before: Grade = "none";
  #during: Grade | null = null;
  #proofs = 0;
  #looks = 0;
  #contradiction: string | null = null;
  #cheapLooks = true;
  /** A fault that the check injects kept instances from answering: the next proof, or the last, tells. */
  #impaired = false;
  #rounds: Promise<void> = Promise.resolve();

  /** @param onVoid called once, as soon as it is known that the run counts no more */
  constructor(
    engine: Pick<Engine, "agent" | "settings">,
    target: Target,
    expected: Expected,
    onVoid: () => void,
  ) {
    this.#engine = engine;
    this.#target = target;
    this.#expected = expected;
    this.#onVoid = onVoid;
  }

  /** Proves, then begins to watch. Answers the contradiction that keeps the check from beginning, or null. */
  async begin(): Promise<string | null> {
    this.#before = await this.#prove();
    await this.#look();
    if (this.#contradiction === null) this.#rounds = this.#watch();
    return this.#contradiction;
  }

  /** The last proof, and all of them together. */
  async end(): Promise<WitnessedIdentity> {
    this.#stop.abort();
    await this.#rounds;
    let after: Grade = "none";
    const patience = performance.now() + this.#engine.settings.restartMs;
    while (this.#contradiction === null) {
      await this.#look();
      after = await this.#prove();
      if (after !== "none" || performance.now() > patience) break;
      await sleep(this.#engine.settings.identityLookMs);
    }
    return {
      before: this.#before,
      during: this.#during ?? weakest(this.#before, after),
      after,
      proofs: this.#proofs,
      looks: this.#looks,
      restarts: this.#restarts.slice(0, 50),
      contradiction: this.#contradiction,
    };
  }

  async #watch(): Promise<void> {
    const { identityLookMs, identityProofMs } = this.#engine.settings;
    const { signal } = this.#stop;
    let next = performance.now() + identityProofMs;
    while (!signal.aborted && this.#contradiction === null) {
      try {
        await sleep(identityLookMs, undefined, { signal });
      } catch {
        return;
      }
      await this.#look();
      if (performance.now() < next || signal.aborted) continue;
      const began = performance.now();
      const grade = await this.#prove();
      // An instance that is just being started again is proven by the next round.
      if (grade !== "none" && !this.#impaired) this.#during = weakest(this.#during ?? grade, grade);
      this.#proofs += 1;
      // A large tree takes long to read: not more than a tenth of the time goes into it.
      const took = performance.now() - began;
      next = performance.now() + Math.max(identityProofMs, took * 10);
    }
  }

  async #prove(): Promise<Grade> {
    try {
      const proof = await this.#target.prove(this.#expected.slot);
      const against = contradictionIn(proof, this.#expected);
      if (against !== null) await this.#confirm(against, proof.strangers.length > 0);
      this.#noteInstances(proof);
      this.#impaired = proof.impaired === true;
      return proof.grade;
    } catch (error) {
      return this.#missed(error);
    }
  }

  async #look(): Promise<void> {
    if (!this.#cheapLooks || this.#target.id !== "process") return;
    try {
      const seen = await this.#engine.agent.call("slot.sockets", { slot: this.#expected.slot });
      this.#looks += 1;
      this.#noteSockets(seen);
      const against = contradictionAt(seen, this.#expected);
      if (against !== null) await this.#confirm(against, seen.strangers.length > 0);
    } catch (error) {
      this.#missed(error);
    }
  }

  /** @param again whether it may have been a moment only */
  async #confirm(against: string, again: boolean): Promise<void> {
    if (again && this.#cheapLooks) {
      await sleep(confirmMs);
      const seen = await this.#engine.agent.call("slot.sockets", { slot: this.#expected.slot });
      if (contradictionAt(seen, this.#expected) === null) return;
    }
    if (this.#contradiction !== null) return;
    this.#contradiction = against;
    this.#onVoid();
  }

  /** An empty slot contradicts; an agent that is away, or older than this question, shows nothing. */
  #missed(error: unknown): Grade {
    const { code, message } = asTidelockError(error);
    if (code === "unsupported" || code === "invalid-input") this.#cheapLooks = false;
    else if (code === "not-found" && this.#contradiction === null) {
      this.#contradiction = printable(message);
      this.#onVoid();
    }
    return "none";
  }

  #noteInstances({ instances }: IdentityProof): void {
    if (this.#cheapLooks && this.#target.id === "process") return;
    for (const { id, pid, startTime } of instances) this.#notePid(id, pid, startTime);
  }

  #noteSockets({ instances }: SlotSockets): void {
    for (const { name, pid, startTime } of instances) {
      if (pid !== null && startTime !== null) this.#notePid(name, pid, startTime);
    }
  }

  #notePid(name: string, pid: number, startTime: string): void {
    const now = `${pid}/${startTime}`;
    const before = this.#pids.get(name);
    this.#pids.set(name, now);
    if (before === undefined || before === now) return;
    this.#restarts.push(
      `${name} was started again from the same digest (pid ${before.split("/")[0]}, then ${pid})`,
    );
  }
}

const order: readonly Grade[] = ["none", "bound", "native"];

export function weakest(...grades: readonly Grade[]): Grade {
  return order.find((grade) => grades.includes(grade)) ?? "none";
}

/** The report with whom it tested; void when that was contradicted, whatever it says. */
export function withIdentity(report: CheckReport, identity: WitnessedIdentity): CheckReport {
  const { contradiction, restarts } = identity;
  if (contradiction !== null) {
    return {
      ...report,
      identity,
      verdict: "error",
      summary: `void: ${contradiction}; what the run found counts for nothing`,
      results: [
        { name: "identity", verdict: "error", message: contradiction },
        ...report.results.slice(0, 499),
      ],
    };
  }
  if (restarts.length === 0) return { ...report, identity };
  const said =
    restarts.length === 1 ? restarts[0] : `${restarts.length} restarts: ${restarts[0]} …`;
  return { ...report, identity, summary: `${report.summary}; meanwhile ${said}` };
}
