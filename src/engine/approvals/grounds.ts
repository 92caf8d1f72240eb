import { sql } from "kysely";
import type { Plan } from "../../model/plan.ts";
import {
  grantsProjection,
  personKeysProjection,
  personLinksProjection,
} from "../../store/projections/access.ts";
import {
  approvalAnswersProjection,
  approvalRequestsProjection,
} from "../../store/projections/approvals.ts";
import { personStandingsProjection } from "../../store/projections/enrolment.ts";
import { releasesProjection } from "../../store/projections/catalogue.ts";
import { peopleProjection } from "../../store/projections/people.ts";
import { answersOf, goneApproval, openRequest } from "../../store/queries/approvals.ts";
import type { Db } from "../../store/schema.ts";
import { everyStandingStands, groundsOfEnrolments } from "../access/people/held.ts";
import { type Ground, groundsOf } from "../ledger/leaning.ts";
import { everyLinkStands } from "../manual/right.ts";
import type { Engine } from "../engine.ts";
import { lineageOf } from "./lineage.ts";
import { approverStanding } from "./standing.ts";

/** The rows that approvals lean on, each to be held against the log: request, answers, keys, rights, names, lineage. */
export async function groundsOfApprovals(
  engine: Engine,
  plan: Plan,
  promotion: string,
): Promise<readonly Ground[]> {
  const { db } = engine;
  if (plan.approvals === undefined) return [];
  const request = await openRequest(db, promotion);
  const answers = request ? await answersOf(db, request.id) : [];
  const standings = await Promise.all(
    answers.map(({ person, role, key_id: key, answered_at: signedAt }) =>
      approverStanding(db, plan.lane, { person, role, key, signedAt }, new Date()),
    ),
  );
  const rows = standings.map((standing) => standing.rows);
  const people = answers.flatMap(({ person }, index) => [
    person,
    ...(standings[index]?.also ?? []),
  ]);
  const named =
    people.length === 0
      ? []
      : await db
          .selectFrom("ledger_people")
          .selectAll()
          .where("pseudonym", "in", people)
          .where("changes", ">", 0)
          .execute();
  const { releases, keys, gathered: brought } = await lineageOf(engine, db, plan, promotion);
  return [
    ...groundsOf(approvalRequestsProjection, request ? [request] : []),
    ...groundsOf(approvalAnswersProjection, answers),
    ...groundsOf(personKeysProjection, [...rows.flatMap((row) => row.keys), ...keys]),
    ...groundsOf(
      personLinksProjection,
      rows.flatMap(({ links }) => links),
    ),
    ...groundsOf(
      grantsProjection,
      rows.flatMap(({ grants }) => grants),
    ),
    ...groundsOf(
      personStandingsProjection,
      rows.flatMap(({ standings }) => standings),
    ),
    ...groundsOfEnrolments([...rows.map(({ gathered }) => gathered), brought]),
    ...groundsOf(peopleProjection, named),
    ...groundsOf(releasesProjection, releases),
    everyLinkStands,
    everyStandingStands,
    nothingGone(plan),
  ];
}

/** A rejection that somebody took out of the table would let the others open the gate. */
function nothingGone({ lane }: Plan): Ground {
  return {
    async holds(db) {
      const gone = await goneApproval(db, lane);
      if (gone === undefined) return nothingRevived(db);
      const message = `approval_requests: ${gone} is in the log and not in the database`;
      return { table: "approval_requests", row: gone, column: null, index: null, message };
    },
  };
}

/** A key of somebody that was taken out would make the next one their first, which waits for nobody. */
async function nothingRevived(db: Db) {
  const { rows } = await sql<{ operation: string }>`
    select e.operation from ledger_entries e where e.kind = 'person.key-added' and not exists (
      select from person_keys k where 'person-key/' || k.key_id || '/1' = e.operation
    ) order by e.entry limit 1
  `.execute(db);
  const [gone] = rows;
  if (!gone) return null;
  const message = `person_keys: ${gone.operation} is in the log and not in the database`;
  return { table: "person_keys" as const, row: gone.operation, column: null, index: null, message };
}
