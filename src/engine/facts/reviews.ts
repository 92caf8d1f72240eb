import type { GateFacts } from "../../model/gate-facts.ts";
import type { Environment } from "../../model/pipeline.ts";
import { reviewFigures } from "../reviews/figures.ts";
import { reviewOf } from "../reviews/kept.ts";
import { type FactsSite, secondsSince } from "./site.ts";

const unknown = { review: null, branch: null } as const;

/** What the environment's git host said when it was last asked; nothing where that is too old, or not all was said. */
export async function reviewFacts(
  { engine, plan, now }: FactsSite,
  environment: Environment | null,
): Promise<Pick<GateFacts, "review" | "branch">> {
  const host = environment?.spec.reviews;
  if (!host) return unknown;
  const of = { release: plan.release, ...plan.lane, host, now };
  const kept = await reviewOf(engine, engine.db, of);
  if (kept === null || kept.stale) return unknown;
  const { review } = kept;
  const figures = reviewFigures(review);
  return {
    review: figures && {
      ageSeconds: secondsSince(review.askedAt, now),
      ...figures,
      approvals: figures.approvals ?? 0,
    },
    branch: review.branch,
  };
}
