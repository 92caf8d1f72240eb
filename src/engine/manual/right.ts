import type { Lane } from "../../model/primitives.ts";
import type { CheckRequestRow, GrantRow, PersonLinkRow } from "../../store/schema-manual.ts";
import { grantsFor, namesOf } from "../../store/queries/grants.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import type { Db } from "../../store/schema.ts";
import { type Separation, separationOf } from "./own-work.ts";

/** The right to answer what a check asks of a role. */
export function answerRight(role: string): string {
  return `checks.answer:${role}`;
}

/** Whether somebody may answer, and the rows that say so. */
export interface Standing {
  /** Why not, as a sentence; null when they may. */
  readonly against: string | null;
  readonly separation: Separation;
  readonly grants: readonly GrantRow[];
  readonly links: readonly PersonLinkRow[];
}

/** Holds a person against a request: the right there, and that it is not their own work. */
export async function standingOf(
  db: Db,
  person: string,
  request: Pick<CheckRequestRow, "role" | "service" | "environment" | "release" | "promotion">,
): Promise<Standing> {
  const lane: Lane = { service: request.service, environment: request.environment };
  const right = answerRight(request.role);
  const [grants, { names, links }, release, promotion] = await Promise.all([
    grantsFor(db, right, lane, person),
    namesOf(db, person),
    readRelease(db, request.release),
    readPromotion(db, request.promotion),
  ]);
  const actors = [
    ...(promotion ? [{ what: "who began the promotion", who: promotion.created_by }] : []),
    ...(release ? [{ what: "who handed the release in", who: release.created_by }] : []),
    ...(promotion ? await policyAuthors(db, promotion.plan.pipeline) : []),
  ];
  const separation: Separation = release
    ? separationOf(names, { release: release.content, actors })
    : { against: "the release is not here any more", known: "the release is not here any more" };
  const against =
    grants.length === 0
      ? `${request.service} in ${request.environment} gives this person no right to answer as ${request.role}`
      : // Nobody can be told apart from the people who did the work once the name is gone.
        names.length === 0
        ? "this person was erased here"
        : separation.against;
  return { against, separation, grants, links };
}

async function policyAuthors(db: Db, digest: string) {
  const row = await db
    .selectFrom("documents")
    .select("applied_by")
    .where("digest", "=", digest as never)
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ? [{ what: "who registered the pipeline", who: row.applied_by }] : [];
}
