import { sql, type Selectable } from "kysely";
import { digestOf } from "../../model/canonical.ts";
import type { CheckRunRow, PromotionRow, Schema, StepRow } from "../schema.ts";
import { paged, type Projection, time } from "./projection.ts";

/** How far a promotion has come, and on what grounds. */

export const promotionsProjection: Projection<PromotionRow> = {
  table: "promotions",
  kinds: ["promotion.changed"],
  key: ({ id }) => `promotion/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    promotion: row.id,
    kind: row.kind,
    service: row.service,
    environment: row.environment,
    release: row.release,
    configuration: row.configuration,
    configurationVersion: row.configuration_version,
    planDigest: row.plan_digest,
    plan: digestOf(row.plan),
    state: row.state,
    desired: row.desired,
    stepIndex: row.step_index,
    ending: row.ending,
    compensationIndex: row.compensation_index,
  }),
  authors: ({ id, created_by: by, desired_by: wanted }) => [
    { column: "created_by", who: by, operation: id, kind: "promotion.accepted" },
    ...(wanted === null
      ? []
      : [
          {
            column: "desired_by",
            who: wanted,
            operation: id,
            kind: "promotion.abort-wanted",
          },
        ]),
  ],
  stream: ({ service, environment }) => `${service}/${environment}`,
  rows: (db) =>
    paged<PromotionRow, string>(
      (after, limit) =>
        db
          .selectFrom("promotions")
          .selectAll()
          .where("id", ">", after ?? "")
          .orderBy("id")
          .limit(limit)
          .execute(),
      ({ id }) => id,
    ),
};

/** A step with its lane, which names the stream. */
export type PlacedStep = StepRow & { readonly service: string; readonly environment: string };

const recordedStates = ["done", "failed", "compensated"] as const;

/** Whether a step in this state counts as a ground for anything, and so is in the log. */
export function isRecorded(state: StepRow["state"]): boolean {
  return recordedStates.some((recorded) => recorded === state);
}

/** Steps that have ended; `detail` holds what was proven, such as whom a test has met. */
export const stepsProjection: Projection<PlacedStep> = {
  table: "promotion_steps",
  kinds: ["step.ended"],
  key: ({ promotion, index }) => `step/${promotion}/${index}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    promotion: row.promotion,
    step: row.index,
    kind: row.kind,
    state: row.state,
    detail: row.detail === null ? null : digestOf(row.detail),
  }),
  stream: ({ service, environment }) => `${service}/${environment}`,
  rows: (db) =>
    paged<PlacedStep, readonly [string, number]>(
      async (after, limit) => {
        const { rows } = await sql<PlacedStep>`
          select s.*, p.service, p.environment
          from promotion_steps s join promotions p on p.id = s.promotion
          where s.state = any(${[...recordedStates]})
            and (s.promotion, s.index) > (${after?.[0] ?? ""}, ${after?.[1] ?? -1}::integer)
          order by s.promotion, s.index limit ${limit}
        `.execute(db);
        return rows;
      },
      ({ promotion, index }) => [promotion, index] as const,
    ),
};

export type PlacedRun = CheckRunRow & { readonly service: string; readonly environment: string };

/** Check runs that have reported. */
export const checkRunsProjection: Projection<PlacedRun> = {
  table: "check_runs",
  kinds: ["check.reported"],
  key: ({ id }) => id,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    promotion: row.promotion,
    step: row.step,
    attempt: row.attempt,
    check: row.name,
    uses: row.uses,
    phase: row.phase,
    release: row.release,
    configuration: row.configuration,
    colour: row.colour,
    generation: row.generation,
    identity: row.identity,
    verdict: row.report?.verdict ?? null,
    report: row.report && digestOf(row.report),
    endedAt: time(row.ended_at),
  }),
  stream: ({ service, environment }) => `${service}/${environment}`,
  rows: (db) =>
    paged<PlacedRun, string>(
      async (after, limit) => {
        const { rows } = await sql<PlacedRun>`
          select c.*, p.service, p.environment
          from check_runs c join promotions p on p.id = c.promotion
          where c.report is not null and c.id > ${after ?? ""} order by c.id limit ${limit}
        `.execute(db);
        return rows;
      },
      ({ id }) => id,
    ),
};

export type PlacedDecision = Selectable<Schema["decisions"]> & {
  readonly service: string;
  readonly environment: string;
};

/** Beside the digest, their entries hold the decision for people to read. */
export const decisionsProjection: Projection<PlacedDecision> = {
  table: "decisions",
  kinds: ["decision.made"],
  key: ({ promotion, step }) => `${promotion}/${step}`,
  changes: () => null,
  counted: false,
  columns: ({ promotion, step, decision }) => ({
    promotion,
    step,
    outcome: decision.outcome,
    decision: digestOf(decision),
  }),
  stream: ({ service, environment }) => `${service}/${environment}`,
  rows: (db) =>
    paged<PlacedDecision, readonly [string, number]>(
      async (after, limit) => {
        const { rows } = await sql<PlacedDecision>`
          select d.*, p.service, p.environment
          from decisions d join promotions p on p.id = d.promotion
          where (d.promotion, d.step) > (${after?.[0] ?? ""}, ${after?.[1] ?? -1}::integer)
          order by d.promotion, d.step limit ${limit}
        `.execute(db);
        return rows;
      },
      ({ promotion, step }) => [promotion, step] as const,
    ),
};
