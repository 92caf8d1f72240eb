import { digestOf } from "../../model/canonical.ts";
import type { Plan } from "../../model/plan.ts";
import type { Lane } from "../../model/primitives.ts";
import {
  grantsProjection,
  personKeysProjection,
  personLinksProjection,
} from "../../store/projections/access.ts";
import { personStandingsProjection } from "../../store/projections/enrolment.ts";
import { breakGlassProjection } from "../../store/projections/break-glass.ts";
import { glassFor, goneGlass, listGlasses } from "../../store/queries/break-glass.ts";
import type { Db } from "../../store/schema.ts";
import { everyStandingStands, groundsOfEnrolments } from "../access/people/held.ts";
import { everyLinkStands } from "../manual/right.ts";
import { type Ground, groundsOf } from "../ledger/leaning.ts";
import { glassStandingOf } from "./gather.ts";

/** The rows that a broken glass and an owed review lean on, each to be held against the log. */
export async function groundsOfGlass(
  db: Db,
  plan: Plan,
  promotion: string,
): Promise<readonly Ground[]> {
  const open = await listGlasses(db, { ...plan.lane, open: true, limit: 500 });
  // One that somebody called reviewed or ended holds up nothing any more: so those are looked at as well.
  const ended = (await listGlasses(db, { ...plan.lane, open: false, limit: 100 })).filter(
    (row) => row.ended_at !== null,
  );
  const row = await glassFor(db, plan.lane, digestOf(plan), promotion);
  const glasses = [...groundsOf(breakGlassProjection, [...open, ...ended]), nothingGone(plan.lane)];
  if (row === undefined) return glasses;
  const now = new Date();
  const standings = await Promise.all(
    row.signatures.map((one) => glassStandingOf(db, plan.lane, one, "break-glass", now)),
  );
  const rows = standings.map((standing) => standing.rows);
  return [
    ...glasses,
    ...groundsOf(
      personKeysProjection,
      rows.flatMap(({ keys }) => keys),
    ),
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
      rows.flatMap((one) => one.standings),
    ),
    ...groundsOfEnrolments(rows.map(({ gathered }) => gathered)),
    everyLinkStands,
    everyStandingStands,
  ];
}

function nothingGone(lane: Lane): Ground {
  return {
    async holds(db) {
      const gone = await goneGlass(db, lane);
      if (gone === undefined) return null;
      const message = `break_glass: ${gone} is in the log and not in the database`;
      return { table: "break_glass", row: gone, column: null, index: null, message };
    },
  };
}
