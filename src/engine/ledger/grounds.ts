import { sql } from "kysely";
import type { Plan } from "../../model/plan.ts";
import type { LedgerSays } from "../../policy/ledger-says.ts";
import { accessReviewsProjection } from "../../store/projections/access-reviews.ts";
import { allReviews } from "../../store/queries/access-reviews.ts";
import {
  configurationsProjection,
  documentsProjection,
  releasesProjection,
} from "../../store/projections/catalogue.ts";
import { attestationsProjection } from "../../store/projections/attestations.ts";
import { deploymentsProjection, lanesProjection } from "../../store/projections/lanes.ts";
import {
  checkRunsProjection,
  isRecorded,
  type PlacedRun,
  promotionsProjection,
  stepsProjection,
} from "../../store/projections/promotions.ts";
import { othersAttestations } from "../../store/queries/attestations.ts";
import { standingOf } from "../../store/queries/evidence.ts";
import { announce } from "../../store/queries/events.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { readPromotion, stepsOf } from "../../store/queries/promotions.ts";
import type { Db, DocumentRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { groundsOfGlass } from "../break-glass/grounds.ts";
import { groundsOfStops } from "../stops/grounds.ts";
import type { StepContext } from "../steps/step.ts";
import { groundsOfGovernance } from "../policy/governance.ts";
import {
  everyAccessRowStands,
  everyReviewStands,
  everyStandingStands,
} from "../access/people/held.ts";
import { groundsOfApprovals } from "../approvals/grounds.ts";
import { groundsOfWaivers } from "../waivers/held.ts";
import { type Ground, groundsOf, lastingDifference, nothingAfter } from "./leaning.ts";

/** The rows that decisions lean on, each to be held against the log before it counts. */

type LedgerSite = Pick<StepContext, "engine" | "plan"> & {
  readonly promotion: Pick<StepContext["promotion"], "id">;
};

/** What is promoted, by whose documents, from where, and what was good before. */
export async function groundsOfAdmission(context: LedgerSite): Promise<readonly Ground[]> {
  const { engine, plan, promotion } = context;
  const { db } = engine;
  const [documents, releases, configurations, standing, lane, row] = await Promise.all([
    documentsOf(db, plan),
    db.selectFrom("releases").selectAll().where("id", "=", plan.release).execute(),
    configurationsOf(db, plan),
    standingOfPredecessors(db, plan),
    readLane(db, plan.lane),
    readPromotion(db, promotion.id),
  ]);
  return [
    ...groundsOf(documentsProjection, documents),
    ...newestOf(documents).map(noLaterDocument),
    ...(await noLaterConfiguration(db, plan)),
    ...(await groundsOfGovernance(db)),
    ...groundsOf(releasesProjection, releases),
    ...groundsOf(attestationsProjection, await statedAbout(db, plan, documents)),
    ...groundsOf(configurationsProjection, configurations),
    ...groundsOf(deploymentsProjection, standing),
    ...groundsOf(lanesProjection, lane ? [lane] : []),
    ...groundsOf(promotionsProjection, row ? [row] : []),
    ...(await groundsOfStops(db)),
    ...(await groundsOfGlass(db, plan, promotion.id)),
  ];
}

/** The same, and the evidence: check runs, and the steps that proved whom they met. */
export async function groundsOfGate(
  context: LedgerSite,
  runs: readonly PlacedRun[],
): Promise<readonly Ground[]> {
  const { engine, plan, promotion } = context;
  const placed = <R>(row: R) => ({ ...row, ...plan.lane });
  const steps = (await stepsOf(engine.db, promotion.id)).filter((step) => isRecorded(step.state));
  return [
    ...(await groundsOfAdmission(context)),
    ...groundsOf(
      checkRunsProjection,
      runs.filter((run) => run.report !== null),
    ),
    noRunGone(plan.lane.service),
    everyAccessRowStands,
    ...groundsOf(accessReviewsProjection, await allReviews(engine.db)),
    everyReviewStands,
    everyStandingStands,
    ...groundsOf(stepsProjection, steps.map(placed)),
    ...(await groundsOfWaivers(engine.db, plan.lane)),
    ...(await groundsOfApprovals(engine, plan, promotion.id)),
  ];
}

/** A run that failed stays, in whatever promotion: one that was taken out of the database would let another speak. One whose report was erased by the record is known to be gone. */
function noRunGone(service: string): Ground {
  return {
    async holds(db) {
      const { rows } = await sql<{ operation: string }>`
        select e.operation from ledger_entries e
        where e.kind = 'check.reported' and e.stream like ${`${service}/%`}
          and not exists (
            select from check_runs c where c.id = e.operation and (c.report is not null or exists (
              select from ledger_entries x
              where x.kind = 'payload.erased' and x.payload ->> 'operation' = e.operation)))
        order by e.entry limit 1
      `.execute(db);
      const [gone] = rows;
      if (!gone) return null;
      const message = `check_runs: ${gone.operation} is in the log and not in the database`;
      return { table: "check_runs", row: gone.operation, column: null, index: null, message };
    },
  };
}

/**
 * What the ledger says against a decision: an input of it like every other, so that the decision can be made
 * again. While clocks are apart or the log does not go on, no gate opens: wait. Where a row is not what its entry
 * says, somebody has changed the database: deny, and say so to everybody. A return of traffic is not held up by
 * either (law 9), but a difference is announced and stands in the decision.
 */
export async function ledgerSays(
  engine: Engine,
  plan: Plan,
  grounds: () => Promise<readonly Ground[]>,
): Promise<readonly LedgerSays[]> {
  const returning = plan.kind === "rollback";
  // What a server that is gone has left in the queue is no trouble: it only has to be taken in.
  if (!returning) await engine.log.flush().catch(() => undefined);
  const trouble = returning ? null : await engine.log.trouble();
  if (trouble) return [{ outcome: "wait", message: trouble }];
  const look = lastingDifference(engine.log, engine.db, grounds);
  const difference = await (returning ? look.catch(() => null) : look);
  if (!difference) return [];
  const message = `the database was changed behind the ledger: ${difference.message}`;
  await announce(engine.db, { kind: "ledger.difference", ...plan.lane, message });
  engine.notice(message);
  if (!returning) return [{ outcome: "deny", message }];
  return [{ outcome: "allow", message: `${message}; a return of traffic is not held up by it` }];
}

/** Those that the plan was made from, and those of now, which say how long a predecessor has to soak. */
async function documentsOf(db: Db, plan: Plan): Promise<readonly DocumentRow[]> {
  const environments = [plan.lane.environment, ...plan.predecessors];
  const { rows } = await sql<DocumentRow>`
    select * from documents where digest = any(${[plan.pipeline, plan.environment]})
    union all
    select * from (
      select distinct on (kind, name) * from documents
      where (kind = 'Pipeline' and name = ${plan.lane.service})
        or (kind = 'Environment' and name = any(${environments}))
      order by kind, name, version desc
    ) as newest
  `.execute(db);
  return rows;
}

/** Of each name the last version. */
function newestOf(documents: readonly DocumentRow[]): readonly DocumentRow[] {
  return documents.filter(
    ({ kind, name, version }) =>
      !documents.some((one) => one.kind === kind && one.name === name && one.version > version),
  );
}

export function noLaterDocument({ kind, name, version }: DocumentRow): Ground {
  const next = version + 1;
  return nothingAfter("documents", `document/${kind}/${name}/${next}/1`, async (db) => {
    const row = await db
      .selectFrom("documents")
      .select("version")
      .where("kind", "=", kind)
      .where("name", "=", name)
      .where("version", "=", next)
      .executeTakeFirst();
    return row !== undefined;
  });
}

async function noLaterConfiguration(db: Db, { lane }: Plan): Promise<readonly Ground[]> {
  const { service, environment } = lane;
  const newest = await db
    .selectFrom("configurations")
    .select((select) => select.fn.max("version").as("version"))
    .where("service", "=", service)
    .where("environment", "=", environment)
    .executeTakeFirst();
  const next = Number(newest?.version ?? 0) + 1;
  const operation = `configuration/${service}/${environment}/${next}`;
  return [
    nothingAfter("configurations", operation, async (tx) => {
      const row = await tx
        .selectFrom("configurations")
        .select("version")
        .where("service", "=", service)
        .where("environment", "=", environment)
        .where("version", "=", next)
        .executeTakeFirst();
      return row !== undefined;
    }),
  ];
}

/** What was handed in or made, where the owners demand something: erased pieces answer no demand anyway. */
async function statedAbout(db: Db, plan: Plan, documents: readonly DocumentRow[]) {
  const demanded = documents.some(
    ({ content }) => content.kind === "Environment" && content.spec.requires !== undefined,
  );
  if (!demanded || plan.kind === "rollback") return [];
  const stated = await othersAttestations(db, [plan.release]);
  return stated.filter((row) => row.erased_at === null);
}

async function configurationsOf(db: Db, plan: Plan) {
  return db
    .selectFrom("configurations")
    .selectAll()
    .where("service", "=", plan.lane.service)
    .where("environment", "=", plan.lane.environment)
    .where("digest", "=", plan.configuration)
    .execute();
}

async function standingOfPredecessors(db: Db, plan: Plan) {
  const { service } = plan.lane;
  const rows = await Promise.all(
    plan.predecessors.map((environment) => standingOf(db, { service, environment }, plan.release)),
  );
  return rows.flat();
}
