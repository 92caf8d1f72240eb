import { asTidelockError } from "../../model/errors.ts";
import type { LedgerEntry } from "../../ports/ledger.ts";
import type { EffectContext } from "../../ports/target.ts";
import type { Db, LaneRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { type Lease, withLease } from "./lease.ts";

/** The last parts of the ids of a promotion's operations: what `operation(name)` is called with. */
export const operationNames = [
  "open-route",
  "close-route",
  "deploy",
  "arm-return",
  "switch",
  "stop",
  "stop-old",
  "disarm-return",
  "restore",
  "return-traffic",
  "destroy",
] as const;
export type OperationName = (typeof operationNames)[number];

/** One change of the world outside, before it happens. */
export interface Effect {
  /** `deploy`, `switch`: a word of the domain; part of the operation's id and of test hooks. */
  readonly name: string;
  /** Deterministic, so that a successor writes the same entry: `<promotion>/<step>/<name>`. */
  readonly operation: string;
  /** What will be done, for the record: digests, colours and names, never a secret. */
  readonly detail: Readonly<Record<string, unknown>>;
  /** Changes of our rows that must be true before the world is touched, in the intent's transaction. */
  readonly onIntent?: (tx: Db, lane: LaneRow) => Promise<void>;
}

/**
 * Effects under one lease, with the record around them (law 1): the intent is durable before the effect
 * starts. Outcomes are handed to whoever writes the change of state, so that both are one transaction.
 */
export class Effects {
  readonly #engine: Engine;
  readonly #lease: Lease;
  readonly #attempt: number;
  #outcomes: LedgerEntry[] = [];

  /**
   * @param attempt counts the workers that came to this step. Where the effect happens, an operation that
   *   arrives twice is done once; a successor that looked and found the effect missing must not be
   *   answered from memory, so its operation is another one there, and the same one in the ledger.
   */
  constructor(engine: Engine, lease: Lease, attempt: number) {
    this.#engine = engine;
    this.#lease = lease;
    this.#attempt = attempt;
  }

  /** Intent, then the effect. Throws what the effect throws; the intent then stands with its failure. */
  async perform<T>(effect: Effect, act: (context: EffectContext) => Promise<T>): Promise<T> {
    const engine = this.#engine;
    await engine.hooks?.reach(`${effect.name}:before-intent`);
    await withLease(engine, this.#lease, async (tx, lane) => {
      await effect.onIntent?.(tx, lane);
      await engine.ledger.append(tx, this.intentOf(effect));
    });
    return this.performRecorded(effect, act);
  }

  /** The entry of the intent alone, for a transaction that does more. */
  intentOf(effect: Effect): LedgerEntry {
    return this.#entry(effect, "effect.intent", effect.detail);
  }

  /** The effect alone, after a transaction that holds its intent has been committed. */
  async performRecorded<T>(
    effect: Effect,
    act: (context: EffectContext) => Promise<T>,
  ): Promise<T> {
    const engine = this.#engine;
    await engine.hooks?.reach(`${effect.name}:before-effect`);
    try {
      const { fence } = this.#lease;
      const result = await act({ fence, operation: `${effect.operation}#${this.#attempt}` });
      this.#outcomes.push(this.#entry(effect, "effect.outcome", { result: "done" }));
      await engine.hooks?.reach(`${effect.name}:after-effect`);
      return result;
    } catch (error) {
      const { code, message: whole } = asTidelockError(error);
      // What a tool printed may be long; an entry is not.
      const message = whole.slice(0, 4_000);
      await engine.hooks?.reach(`${effect.name}:${code}`);
      this.#outcomes.push(this.#entry(effect, "effect.failure", { result: "failed", message }));
      throw error;
    }
  }

  /** The effect is there already: somebody before us had it and died before writing so. */
  found(effect: Pick<Effect, "operation">): void {
    this.#outcomes.push(this.#entry(effect, "effect.outcome", { result: "found" }));
  }

  /** Whether something is left to record. */
  get pending(): boolean {
    return this.#outcomes.length > 0;
  }

  /** Writes the outcomes so far, in the transaction that changes the state. */
  async record(tx: Db): Promise<void> {
    await this.#engine.ledger.append(tx, ...this.#outcomes);
    this.#outcomes = [];
  }

  #entry(effect: Pick<Effect, "operation">, kind: string, payload: Effect["detail"]): LedgerEntry {
    return {
      operation: effect.operation,
      kind,
      stream: this.#lease.fence.lane,
      actor: "tidelock",
      payload: { ...payload },
    };
  }
}
