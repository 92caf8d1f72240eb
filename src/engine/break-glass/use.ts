import { TidelockError } from "../../model/errors.ts";
import { fromBreakGlassId } from "../../model/break-glass.ts";
import type { Decision } from "../../model/decision.ts";
import {
  endGlass,
  expiredGlasses,
  tellOverdue,
  useGlass,
} from "../../store/queries/break-glass.ts";
import { announce } from "../../store/queries/events.ts";
import type { Db, PromotionRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { breakGlassPolicy } from "./gather.ts";

/**
 * A promotion goes past its gate by it: in the transaction that records that decision. From here on it is this promotion's
 * and nobody else's, and a review is owed.
 *
 * @throws TidelockError `conflict` when another one was first, or somebody took it back: it is decided again
 */
export async function recordUse(
  tx: Db,
  { id, service, environment }: PromotionRow,
  { brokenGlass }: Decision,
): Promise<void> {
  if (brokenGlass === undefined) return;
  const { glass, setAside, people, alone } = brokenGlass;
  const { reviewWithin } = await breakGlassPolicy(tx, environment);
  const used = await useGlass(tx, fromBreakGlassId(glass), id, reviewWithin);
  if (used === undefined) {
    throw new TidelockError("conflict", `${glass} counts no more: it is decided again`, {
      where: id,
    });
  }
  if (!used.first) return;
  const due = used.row.review_due?.toISOString() ?? "";
  await announce(tx, {
    kind: "break-glass.used",
    service,
    environment,
    promotion: id,
    message: `GLASS BROKEN: ${glass} lets it past its gate without ${setAside.join(", ")}, signed by ${people.join(" and ")}${alone ? " alone (nobody else looked)" : ""}; a review by somebody else is due ${due}, and until then no other release goes to ${environment}`,
  });
}

/** What nobody used in time is over; whoever owes a review is named once it is overdue. Two servers do it once. */
export async function lookAtGlasses(engine: Engine): Promise<void> {
  const { db } = engine;
  for (const row of await expiredGlasses(db)) {
    await db.transaction().execute(async (tx) => {
      const ended = await endGlass(tx, row.id, { why: "nobody used it in time" });
      if (!ended) return;
      await announce(tx, {
        kind: "break-glass.ended",
        service: row.service,
        environment: row.environment,
        message: `${row.asked.glass} is over: nobody used it in time`,
      });
    });
    engine.signals.emit("change");
  }
  const told = await db.transaction().execute(async (tx) => {
    const rows = await tellOverdue(tx);
    await announce(
      tx,
      ...rows.map(({ asked, service, environment, used_by: by }) => ({
        kind: "break-glass.review-overdue",
        service,
        environment,
        ...(by === null ? {} : { promotion: by }),
        message: `the review of ${asked.glass} is OVERDUE: somebody who did not break it signs it: tidelock break-glass review ${asked.glass}`,
      })),
    );
    return rows.length;
  });
  if (told > 0) engine.signals.emit("change");
}
