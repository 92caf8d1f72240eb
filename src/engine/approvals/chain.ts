import type { ReleaseChainView } from "../../api/routes/chain.ts";
import { deedName, stageOf } from "../../identity/chain.ts";
import type { Deed } from "../../identity/lineage.ts";
import { checkRunsOf } from "../../store/queries/evidence.ts";
import { namesOf } from "../../store/queries/grants.ts";
import type { Db, PromotionRow, ReleaseRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { governanceMode } from "../policy/governance.ts";
import { lineageOf } from "./lineage.ts";

type Link = ReleaseChainView["items"][number]["chain"][number];

/** Everybody who had a hand in a release, from the first commit to the last promotion, and whether that is shown (S3-30). */
export async function releaseChain(engine: Engine, release: ReleaseRow): Promise<ReleaseChainView> {
  const { db } = engine;
  const newest = await db
    .selectFrom("promotions")
    .selectAll()
    .distinctOn("environment")
    .where("service", "=", release.service)
    .where("release", "=", release.id)
    .where("kind", "=", "promotion")
    .orderBy("environment")
    .orderBy("created_at", "desc")
    .execute();
  return {
    service: release.service,
    version: release.version,
    id: release.id,
    governance: await governanceMode(db),
    items: await Promise.all(
      newest.map(async (promotion) => ({
        environment: promotion.environment,
        promotion: promotion.id,
        state: promotion.state,
        at: promotion.created_at.toISOString(),
        chain: await chainOf(engine, promotion),
      })),
    ),
  };
}

async function chainOf(engine: Engine, promotion: PromotionRow): Promise<Link[]> {
  const { db } = engine;
  const [{ deeds, signed }, runs, answers] = await Promise.all([
    lineageOf(engine, db, promotion.plan, promotion.id),
    checkRunsOf(db, promotion.id),
    answersTo(db, promotion.id),
  ]);
  const named = async (person: string) => (await namesOf(db, person)).names[0] ?? person;
  const links: Link[] = deeds.map((deed: Deed) => ({
    stage: stageOf(deed.what),
    what: deed.what,
    who: deedName(deed),
    proven: deed.proven,
    how: deed.proven ? "shown" : "nothing shows that it was them",
  }));
  for (const { what, person } of signed) {
    links.push({
      stage: stageOf(what),
      what,
      who: await named(person),
      proven: true,
      how: "a signature of theirs",
    });
  }
  const tested = runs.filter(({ report }) => report !== null);
  for (const { name, report } of tested) {
    links.push({
      stage: "tested",
      what: `check ${name}: ${report?.verdict ?? "?"}`,
      who: "tidelock",
      proven: true,
      how: "a run of this server, signed by it",
    });
  }
  for (const { person, role, purpose, method, voided } of answers) {
    links.push({
      stage: purpose === "approve" ? "approved" : "rejected",
      what: `as ${role}${voided ? ", void" : ""}`,
      who: await named(person),
      proven: true,
      how: method === "webauthn" ? "a passkey's signature" : "a key's signature",
    });
  }
  const order = stages.indexOf.bind(stages) as (stage: string) => number;
  return links.sort((a, b) => order(a.stage) - order(b.stage));
}

const stages: readonly string[] = [
  "wrote",
  "pushed",
  "built",
  "handed in",
  "configured",
  "set policy",
  "tested",
  "judged",
  "approved",
  "rejected",
  "promoted",
];

async function answersTo(db: Db, promotion: string) {
  const rows = await db
    .selectFrom("approval_answers as a")
    .innerJoin("approval_requests as r", "r.id", "a.request")
    .select(["a.person", "a.role", "a.purpose", "a.method", "r.voided_at"])
    .where("r.promotion", "=", promotion)
    .orderBy("a.answered_at")
    .execute();
  return rows.map(({ voided_at, ...row }) => ({ ...row, voided: voided_at !== null }));
}
