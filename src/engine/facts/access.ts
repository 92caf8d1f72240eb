import type { GateFacts } from "../../model/gate-facts.ts";
import { lastReviewOf, overdueReviews } from "../../store/queries/access-reviews.ts";
import type { FactsSite } from "./site.ts";

/** When somebody last looked, to the last line, who can do what here. */
export async function accessFacts({
  engine,
  plan,
  now,
}: FactsSite): Promise<NonNullable<GateFacts["access"]>> {
  const { service } = plan.lane;
  const [last, overdue] = await Promise.all([
    lastReviewOf(engine.db, service),
    overdueReviews(engine.db, { fresh: false }),
  ]);
  const ago = last?.closed_at ? (now.getTime() - last.closed_at.getTime()) / 1_000 : null;
  return {
    reviewedSecondsAgo: ago === null ? null : Math.max(0, Math.floor(ago)),
    reviewsOverdue: overdue.filter((one) => one.service === null || one.service === service).length,
  };
}
