import type { Environment } from "../../model/pipeline.ts";
import type { Plan, PlanStep } from "../../model/plan.ts";
import type { Release } from "../../model/release.ts";
import type { Decided } from "../../policy/decide.ts";
import type { Router } from "../../ports/router.ts";
import type { Target } from "../../ports/target.ts";
import type { Db, LaneRow, PromotionRow, StepRow } from "../../store/schema.ts";
import type { Effects, OperationName } from "../lanes/effect.ts";
import type { Engine } from "../engine.ts";
import type { Lease } from "../lanes/lease.ts";

/** What a step knows. It was read at `now`, under the lease; nothing of it outlives one look. */
export interface StepContext {
  readonly engine: Engine;
  readonly lease: Lease;
  readonly lane: LaneRow;
  readonly promotion: PromotionRow;
  readonly plan: Plan;
  readonly release: Release;
  /** The environment document that the plan was frozen with. */
  readonly environment: Environment;
  readonly target: Target;
  /** Null where nothing routes to the service. */
  readonly router: Router | null;
  readonly step: StepRow;
  /** By the database's clock. */
  readonly now: Date;
  readonly effects: Effects;
  /** `<promotion>/<step>/<name>`. */
  readonly operation: (name: OperationName) => string;
}

/** Observe, then act; answer one of three. A step never blocks for longer than its lease. */
export type StepResult =
  | {
      readonly kind: "done";
      /** One sentence for a person. */
      readonly message: string;
      readonly detail?: Readonly<Record<string, unknown>>;
      readonly decided?: Decided;
      /** Asked in the transaction that ends the step: false when it was decided over less than is there by now. */
      readonly holds?: (tx: Db) => Promise<boolean>;
      /** Changes of our rows, in the transaction that ends the step. */
      readonly record?: (tx: Db, lane: LaneRow) => Promise<void>;
    }
  | {
      readonly kind: "wait";
      readonly reason: string;
      /** Who can end the wait. */
      readonly who: string;
      readonly until: Date | null;
      /** When to look again, in milliseconds. */
      readonly againMs: number;
      /** A wait for people does not count against the promotion's time limit. */
      readonly forPeople?: boolean;
      /** Asked in the transaction that writes the wait down: false when what ends it came meanwhile. */
      readonly holds?: (tx: Db) => Promise<boolean>;
      readonly detail?: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: "failed";
      readonly message: string;
      readonly decided?: Decided;
      /** Changes of our rows, in the transaction that begins the end. */
      readonly record?: (tx: Db) => Promise<void>;
    };

export type StepOf<K extends PlanStep["kind"]> = Extract<PlanStep, { kind: K }>;

export interface StepDefinition<K extends PlanStep["kind"]> {
  readonly kind: K;
  run(context: StepContext, step: StepOf<K>): Promise<StepResult>;
}

export const done = (message: string): StepResult => ({ kind: "done", message });
export const failed = (message: string): StepResult => ({ kind: "failed", message });
