import { verifyGlass } from "../../identity/break-glass/statement.ts";
import { personKeysOf } from "../../identity/signing/person-keys.ts";
import type { GivenGlass, GlassInput, OwedReview } from "../../identity/break-glass/given.ts";
import {
  breakRight,
  type BreakGlassPolicy,
  defaultBreakGlassPolicy,
  type GlassAsked,
  reviewRight,
} from "../../model/break-glass.ts";
import { digestOf } from "../../model/canonical.ts";
import type { Plan } from "../../model/plan.ts";
import type { Lane } from "../../model/primitives.ts";
import { readAttestation } from "../../store/queries/attestations.ts";
import { glassFor, owedGlasses } from "../../store/queries/break-glass.ts";
import { registeredEnvironment } from "../../store/queries/catalogue.ts";
import type { BreakGlassRow, GlassSignature } from "../../store/schema-break-glass.ts";
import type { Db } from "../../store/schema.ts";
import { askedNow, involved, peopleIn } from "../approvals/gather.ts";
import { lineageOf } from "../approvals/lineage.ts";
import { type ApproverStanding, approverStanding } from "../approvals/standing.ts";
import { attestationBytes } from "../attestations/attest-material.ts";
import type { Engine } from "../engine.ts";

/** What is decided about, where glasses may have been broken. */
export interface GlassSite {
  readonly plan: Plan;
  /** Empty: there is no promotion. */
  readonly promotion: string;
  readonly now: Date;
}

/** Everything that a decision reads of broken glasses: the one that counts for exactly this, and reviews that are owed. */
export async function glassFacts(
  engine: Engine,
  db: Db,
  site: GlassSite,
): Promise<{ readonly glass?: GlassInput; readonly reviews?: readonly OwedReview[] }> {
  const { plan, promotion } = site;
  const reviews = (await owedGlasses(db, plan.lane)).flatMap((row) => owed(row, promotion));
  // A return of traffic needs none.
  const row =
    plan.kind === "rollback" ? undefined : await glassFor(db, plan.lane, digestOf(plan), promotion);
  return {
    ...(row === undefined ? {} : { glass: await glassInput(engine, db, site, row) }),
    ...(reviews.length === 0 ? {} : { reviews }),
  };
}

/** What went through it is not held up by its own review. */
function owed(row: BreakGlassRow, promotion: string): readonly OwedReview[] {
  const { asked, used_by: by, used_at: at, review_due: due } = row;
  if (by === null || by === promotion) return [];
  return [
    {
      glass: asked.glass,
      promotion: by,
      usedAt: at?.toISOString() ?? "",
      due: due?.toISOString() ?? "",
    },
  ];
}

export async function breakGlassPolicy(db: Db, environment: string): Promise<BreakGlassPolicy> {
  const row = await registeredEnvironment(db, environment);
  return row?.document.spec.breakGlass ?? defaultBreakGlassPolicy;
}

export async function glassInput(
  engine: Engine,
  db: Db,
  { plan, promotion, now }: GlassSite,
  row: BreakGlassRow,
): Promise<GlassInput> {
  const { asked, basis } = row;
  const { allowed, longest } = await breakGlassPolicy(db, row.environment);
  const signed = await Promise.all(
    row.signatures.map((signature) => givenGlass(engine, db, row, signature, now)),
  );
  const {
    ledger,
    release,
    configuration,
    plan: digest,
    policy,
  } = await askedNow(db, {
    plan,
    version: asked.version,
    promotion,
  });
  return {
    asked,
    basis,
    at: row.opened_at.toISOString(),
    policy: { allowed, longest },
    now: { ledger, ...lane(plan.lane), release, configuration, plan: digest, policy },
    promotion,
    usedBy: row.used_by,
    signed,
    ownWork: await ownWorkOf(engine, db, plan, promotion, signed),
  };
}

function lane({ service, environment }: Lane): Lane {
  return { service, environment };
}

/** Said, and nothing else: who broke it may have written it. */
async function ownWorkOf(
  engine: Engine,
  db: Db,
  plan: Plan,
  promotion: string,
  signed: readonly GivenGlass[],
): Promise<readonly string[]> {
  const known = await involved(db, await lineageOf(engine, db, plan, promotion), peopleIn(signed));
  return signed
    .flatMap(({ person, also }) => {
      const self = new Set([person, ...also]);
      const own = known.filter(({ people }) => people.some((one) => self.has(one)));
      const [first] = own;
      if (first === undefined) return [];
      const more = own.length === 1 ? "" : ` and ${own.length - 1} more`;
      return [`${person} has worked on it (${first.what}${more})`];
    })
    .sort();
}

/** The right that a signature under it, or its review, takes. */
export function glassRight(purpose: "break-glass" | "review") {
  return purpose === "review"
    ? { name: reviewRight, says: "review broken glasses" }
    : { name: breakRight, says: "break the glass" };
}

export async function glassStandingOf(
  db: Db,
  { service, environment }: Pick<GlassAsked, "service" | "environment">,
  { person, key, at }: Pick<GlassSignature, "person" | "key" | "at">,
  purpose: "break-glass" | "review",
  now: Date,
): Promise<ApproverStanding> {
  const right = glassRight(purpose);
  const signedAt = new Date(at);
  const who = { person, role: "-", key, signedAt, right };
  return approverStanding(db, { service, environment }, who, now);
}

/** A signature, verified anew from the signed bytes, and whether whoever gave it may give it now. */
export async function givenGlass(
  engine: Engine,
  db: Db,
  { asked, basis }: Pick<BreakGlassRow, "asked" | "basis">,
  signature: GlassSignature,
  now: Date,
): Promise<GivenGlass> {
  const { id, person, at } = signature;
  const standing = await glassStandingOf(db, asked, signature, "break-glass", now);
  const problem = async (): Promise<string | null> => {
    const kept = await readAttestation(db, asked.release, id);
    const bytes = kept && (await attestationBytes(engine, kept).catch(() => null));
    if (!bytes) return "the signed bytes are not here";
    const keys = personKeysOf(standing.rows.keys);
    const verified = verifyGlass(bytes, keys, { asked, basis, person });
    if (!verified.ok) return verified.problem;
    return verified.value.said.purpose === "break-glass"
      ? null
      : "the signed bytes say something else";
  };
  return {
    id,
    person,
    also: standing.also,
    at,
    against: standing.against ?? (await problem()),
    enrolments: standing.enrolments,
  };
}
