import { sql } from "kysely";
import type { Work } from "../../identity/lineage.ts";
import type { Lane } from "../../model/primitives.ts";
import type { CheckRequestRow, GrantRow, PersonLinkRow } from "../../store/schema-manual.ts";
import { documentsProjection, releasesProjection } from "../../store/projections/catalogue.ts";
import { grantsProjection, personLinksProjection } from "../../store/projections/access.ts";
import { peopleProjection } from "../../store/projections/people.ts";
import { promotionsProjection } from "../../store/projections/promotions.ts";
import { grantsFor, namesOf } from "../../store/queries/grants.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import type { Db, DocumentRow } from "../../store/schema.ts";
import { type Ground, groundsOf } from "../ledger/leaning.ts";
import { reviewsOfOne } from "../../policy/high-risk/reviews.ts";
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

type Asked = Pick<
  CheckRequestRow,
  "id" | "check" | "role" | "service" | "environment" | "release" | "promotion"
>;

/** Holds a person against a request: the right there, and that it is not their own work. */
export async function standingOf(db: Db, person: string, request: Asked): Promise<Standing> {
  const lane: Lane = { service: request.service, environment: request.environment };
  const right = answerRight(request.role);
  const [grants, { names, links }, work, reviewed] = await Promise.all([
    grantsFor(db, right, lane, person),
    namesOf(db, person),
    workOf(db, request),
    reviewOfSame(db, person, request),
  ]);
  const separation: Separation = work
    ? separationOf(names, work)
    : { against: "the release is not here any more", known: "the release is not here any more" };
  const against =
    grants.length === 0
      ? `${request.service} in ${request.environment} gives this person no right to answer as ${request.role}`
      : // Nobody can be told apart from the people who did the work once the name is gone.
        names.length === 0
        ? "this person was erased here"
        : names.length <= links.length
          ? "a name of this person was erased here, so that own work under it cannot be told"
          : (reviewed ?? separation.against);
  return { against, separation, grants, links };
}

/** Everybody who is known to have had a hand in what is asked about; null: its release is not here. */
export async function workOf(
  db: Db,
  { release: id, promotion: asked }: Pick<CheckRequestRow, "release" | "promotion">,
): Promise<Work | null> {
  const [release, promotion] = await Promise.all([readRelease(db, id), readPromotion(db, asked)]);
  if (!release) return null;
  const actors = [
    ...(promotion ? [{ what: "who began the promotion", who: promotion.created_by }] : []),
    { what: "who handed the release in", who: release.created_by },
    ...(promotion ? await policyAuthors(db, promotion.plan.pipeline) : []),
  ];
  return { release: release.content, actors };
}

/** Several reviews of one kind of change are asked of different people. */
async function reviewOfSame(db: Db, person: string, request: Asked): Promise<string | null> {
  const given = await db
    .selectFrom("check_requests")
    .select("check")
    .where("promotion", "=", request.promotion)
    .where("person", "=", person)
    .where("id", "<>", request.id)
    .execute();
  const same = given.find(({ check }) => reviewsOfOne(check, request.check));
  return same === undefined
    ? null
    : `this person has answered ${same.check}, and ${request.check} is for somebody else`;
}

/** Everybody who has registered exactly this text: whoever does it once more does not take it off the others. */
async function policyAuthors(db: Db, digest: string) {
  const rows = await pipelinesOf(db, digest);
  return rows.map(({ applied_by: who }) => ({ what: "who registered the pipeline", who }));
}

async function pipelinesOf(db: Db, digest: string): Promise<readonly DocumentRow[]> {
  return db
    .selectFrom("documents")
    .selectAll()
    .where("digest", "=", digest as never)
    .orderBy("version")
    .execute();
}

/** What a standing was made from, to be held against the log: rights, names, and who had a hand in the work. */
export async function groundsOfStanding(
  db: Db,
  person: string,
  request: Asked,
): Promise<readonly Ground[]> {
  const { grants, links } = await standingOf(db, person, request);
  const [people, release, promotion] = await Promise.all([
    db
      .selectFrom("ledger_people")
      .selectAll()
      .where("pseudonym", "in", [person, ...links.map(({ same }) => same)])
      // Those without an entry are from before.
      .where("changes", ">", 0)
      .execute(),
    readRelease(db, request.release),
    readPromotion(db, request.promotion),
    reviewOfSame(db, person, request),
  ]);
  const pipelines = promotion ? await pipelinesOf(db, promotion.plan.pipeline) : [];
  return [
    ...groundsOf(grantsProjection, grants),
    ...groundsOf(personLinksProjection, links),
    everyLinkStands,
    ...groundsOf(peopleProjection, people),
    ...groundsOf(releasesProjection, release ? [release] : []),
    ...groundsOf(promotionsProjection, promotion ? [promotion] : []),
    ...groundsOf(documentsProjection, pipelines),
    everyVersionStands(request.service),
  ];
}

/** A name that somebody took out of the table would let its owner judge own work. */
export const everyLinkStands: Ground = {
  async holds(db) {
    const { rows } = await sql<{ operation: string }>`
      select e.operation from ledger_entries e where e.kind = 'person.linked' and not exists (
        select from person_links l where 'person-link/' || l.same = e.operation
      ) order by e.entry limit 1
    `.execute(db);
    const [gone] = rows;
    if (!gone) return null;
    const message = `person_links: ${gone.operation} is in the log and not in the database`;
    return { table: "person_links", row: gone.operation, column: null, index: null, message };
  },
};

/** And a version that somebody took out, whoever registered it. */
function everyVersionStands(service: string): Ground {
  return {
    async holds(db) {
      const { rows } = await sql<{ operation: string }>`
        select e.operation from ledger_entries e where e.kind = 'document.registered'
          and e.operation like ${`document/Pipeline/${service}/%`} and not exists (
            select from documents d where d.kind = 'Pipeline' and d.name = ${service}
              and 'document/Pipeline/' || d.name || '/' || d.version || '/1' = e.operation
          ) order by e.entry limit 1
      `.execute(db);
      const [gone] = rows;
      if (!gone) return null;
      const message = `documents: ${gone.operation} is in the log and not in the database`;
      return { table: "documents", row: gone.operation, column: null, index: null, message };
    },
  };
}
