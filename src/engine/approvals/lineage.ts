import { sql } from "kysely";
import { type Deed, isShared, programDeeds } from "../../identity/lineage.ts";
import type { Plan } from "../../model/plan.ts";
import type { Release } from "../../model/release.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import type { PersonKeyRow } from "../../store/schema-manual.ts";
import type { Db, ReleaseRow } from "../../store/schema.ts";
import type { Gathered } from "../access/people/enrolment.ts";
import type { Engine } from "../engine.ts";
import { commitWork } from "./commits.ts";

/** A deed whose doer is known by pseudonym: who signed something. */
export interface SignedDeed {
  readonly what: string;
  readonly person: string;
}

export interface Lineage {
  readonly deeds: readonly Deed[];
  readonly signed: readonly SignedDeed[];
  /** Releases whose commits and makers are among the deeds. */
  readonly releases: readonly ReleaseRow[];
  /** Keys by which commits are somebody's. */
  readonly keys: readonly PersonKeyRow[];
  /** How those came here. */
  readonly gathered: Gathered;
}

/** More releases between live and candidate are not followed: the lineage is unproven then. */
const mostReleases = 50;

/**
 * Everybody who is known to have had a hand in what would go live (law 5): the people of every commit since the live
 * release, whoever made, attested, tested, triaged, accepted a risk of, configured or promoted it, and whoever registered
 * or signed the policy that lets it through.
 */
export async function lineageOf(
  engine: Pick<Engine, "content" | "notice">,
  db: Db,
  plan: Plan,
  promotionId: string,
): Promise<Lineage> {
  const [since, promotion] = await Promise.all([
    releasesSinceLive(db, plan),
    readPromotion(db, promotionId),
  ]);
  const { releases, whole } = since;
  const { service, environment } = plan.lane;
  const ids = releases.map(({ id }) => id);
  const acted = await sql<{ what: string; who: string }>`
    select 'who attested the release' as what, added_by as who from attestations
      where release = any(${ids}) and origin = 'given' and added_by <> 'tidelock'
    union select 'who registered the policy', applied_by from documents
      where digest = any(${[plan.pipeline, plan.environment]})
    union select 'who proposed the policy', p.acted_by from policy_acts p join policy_acts e
      on e.proposal = p.proposal and e.kind = 'effect'
      where p.kind = 'propose' and exists (
        select from jsonb_array_elements(coalesce(e.content -> 'documents', '[]')) d
        where d ->> 'after' = any(${[plan.pipeline, plan.environment]}))
    union select 'who made the configuration', created_by from configurations
      where service = ${service} and environment = ${environment} and digest = ${plan.configuration}
    union select 'who proposed an accepted risk', proposed_by from waivers
      where service = ${service} and environment = ${environment} and state = 'in-force'
    union select 'who triaged findings', acted_by from finding_acts
      where service = ${service} and kind = any(${triage}) and at > ${since.from}
  `.execute(db);
  const signed = await sql<SignedDeed>`
    select 'signer of an accepted risk' as what, s ->> 'person' as person
      from waivers, jsonb_array_elements(signatures) s
      where service = ${service} and environment = ${environment} and state = 'in-force'
    union select 'tester who answered ' || "check", person from check_requests
      where promotion = ${promotionId} and person is not null
    union select 'signer of the policy', s.content ->> 'person' from policy_acts s join policy_acts e
      on e.proposal = s.proposal and e.kind = 'effect'
      where s.kind = 'sign' and exists (
        select from jsonb_array_elements(coalesce(e.content -> 'documents', '[]')) d
        where d ->> 'after' = any(${[plan.pipeline, plan.environment]}))
    order by 1, 2
  `.execute(db);
  const builds = await buildsOf(db, releases);
  const actors = [
    ...(promotion ? [{ what: "who began the promotion", who: promotion.created_by }] : []),
    ...releases.map(({ created_by }) => ({ what: "who handed the release in", who: created_by })),
    ...acted.rows,
  ];
  const commits = await commitWork(engine, db, plan, releases);
  return {
    releases,
    keys: commits.keys,
    gathered: commits.gathered,
    signed: [...signed.rows.filter(({ person }) => person !== null), ...commits.signed],
    deeds: [
      ...actors.filter(({ who }) => !builds.has(who)).flatMap(actorDeed),
      ...builds.values(),
      ...commits.deeds,
      ...(whole === null ? [] : [unknownDeed(whole)]),
    ],
  };
}

/**
 * Builds of exactly the revisions that are in question, as their platforms have signed: no person's deed, so that whoever
 * wrote those revisions stands for them. A build of another revision is somebody's who cannot be told from others.
 */
async function buildsOf(
  db: Db,
  releases: readonly ReleaseRow[],
): Promise<ReadonlyMap<string, Deed>> {
  // What came from a tree that differed from its revision is not a build of that revision.
  const revisions = releases.flatMap(({ content: { source } }) =>
    source.kind === "git" && !source.dirty ? [source.revision] : [],
  );
  const { rows } = await sql<{ id: string; name: string; issuer: string; run: string | null }>`
    select id, name, workload ->> 'issuer' as issuer, workload ->> 'runUrl' as run from api_tokens
    where rule is not null and workload -> 'claims' ->> 'sha' = any(${revisions}) order by added_at limit 500
  `.execute(db);
  return new Map(
    rows.map(({ id, name, issuer, run }) => {
      const what = `builder of the release: ${run ?? issuer} by the rule ${name}`;
      return [`workload:${id}/${name}`, { what, names: [], proven: true, said: what }];
    }),
  );
}

/** Acts that let a finding weigh less, or say what it is. */
const triage = [
  "triage",
  "fix",
  "reopen",
  "pause",
  "raise",
  "false-positive",
  "lower",
  "retire-scan",
];

/** What a program of ours did no person did. */
function actorDeed({
  what,
  who,
}: {
  readonly what: string;
  readonly who: string;
}): readonly Deed[] {
  if (programDeeds.has(who)) return [];
  // A token that anybody may hold is nobody's name.
  const shared = isShared(who);
  return [{ what, names: shared ? [] : [who], proven: !shared, said: `${what} was ${who}` }];
}

function unknownDeed(what: string): Deed {
  return { what, names: [], proven: false, said: what };
}

interface Since {
  readonly releases: readonly ReleaseRow[];
  /** Why commits between live and candidate may be missing; null: none is. */
  readonly whole: string | null;
  /** When what is live came to be. */
  readonly from: Date;
}

/** The candidate, and the releases between it and what is live that never went there. */
async function releasesSinceLive(db: Db, plan: Plan): Promise<Since> {
  const candidate = await readRelease(db, plan.release);
  const live = plan.live === null ? undefined : await readRelease(db, plan.live.release);
  const from = live?.created_at ?? new Date(0);
  if (!candidate) return { releases: [], whole: "author of the release", from };
  const releases = [candidate];
  const until = live?.content.source;
  for (let last = candidate; ;) {
    const { source } = last.content;
    const gap = gapIn(last.content);
    if (gap !== null) return { releases, whole: gap, from };
    if (source.kind !== "git") return { releases, whole: null, from };
    if (plan.live === null) {
      // Nothing is live: everything that was ever handed in belongs to it.
      if (source.since === undefined) return { releases, whole: null, from };
    } else if (until?.kind !== "git") {
      return { releases, whole: "author of what came since the live release", from };
    } else if (
      source.since === until.revision ||
      source.revision === until.revision ||
      source.commits.some(({ revision }) => revision === until.revision)
    ) {
      return { releases, whole: null, from };
    }
    const { since } = source;
    const known = since !== undefined && releases.length < mostReleases;
    const before = known && (await releaseAt(db, last, since));
    if (!before) return { releases, whole: "author of commits before this release's own", from };
    releases.push(before);
    last = before;
  }
}

function gapIn({ source }: Release): string | null {
  if (source.kind === "none") return "author of a release outside version control";
  if (source.dirty) return "author of changes that were not committed";
  if (source.truncated) return "author of commits that were cut off";
  const { revision, since, commits } = source;
  // Whoever hands a release in says what it brings: its own commit is among that, or nothing is new.
  const named = revision === since || commits.some((commit) => commit.revision === revision);
  return named ? null : "author of commits that the release does not name";
}

/** The release of the same service that was made at a revision, and brings commits of its own. */
async function releaseAt(
  db: Db,
  { service, id }: ReleaseRow,
  revision: string,
): Promise<ReleaseRow | undefined> {
  return db
    .selectFrom("releases")
    .selectAll()
    .where("service", "=", service)
    .where("id", "<>", id)
    .where(sql<string>`content -> 'source' ->> 'revision'`, "=", revision)
    .where(sql<boolean>`content -> 'source' ->> 'since' is distinct from ${revision}`)
    .orderBy("created_at")
    .executeTakeFirst();
}
