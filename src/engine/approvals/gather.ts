import type {
  ApprovalsInput,
  AskedNow,
  GivenAnswer,
  Involved,
} from "../../identity/approval/given.ts";
import { personKeysOf } from "../../identity/signing/person-keys.ts";
import { verifyApproval } from "../../identity/approval/signed.ts";
import { ownDeedAmong } from "../../identity/lineage.ts";
import { plainName } from "../../identity/plain-name.ts";
import { digestOf } from "../../model/canonical.ts";
import type { Plan } from "../../model/plan.ts";
import type { Digest } from "../../model/primitives.ts";
import { policyDigest } from "../../policy/policy-of.ts";
import type { PlacedAnswer } from "../../store/projections/approvals.ts";
import { readAttestation } from "../../store/queries/attestations.ts";
import { answersOf, openRequest } from "../../store/queries/approvals.ts";
import { registeredEnvironment, registeredPipeline } from "../../store/queries/catalogue.ts";
import { namesOf } from "../../store/queries/grants.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import type { ApprovalRequestRow } from "../../store/schema-approvals.ts";
import type { Db } from "../../store/schema.ts";
import { attestationBytes } from "../attestations/attest-material.ts";
import type { Engine } from "../engine.ts";
import { type Lineage, lineageOf } from "./lineage.ts";
import { type ApproverStanding, approverStanding } from "./standing.ts";

/** What is promoted, and by which plan. */
export interface ApprovalSite {
  readonly plan: Plan;
  readonly version: string;
  /** Empty: there is no promotion. */
  readonly promotion: string;
  readonly now: Date;
}

/** Everything about approvals that a decision reads; undefined where nobody is asked. */
export async function approvalsInput(
  engine: Engine,
  db: Db,
  site: ApprovalSite,
): Promise<ApprovalsInput | undefined> {
  const { plan, promotion } = site;
  if (plan.approvals === undefined) return undefined;
  const request = promotion === "" ? undefined : await openRequest(db, promotion);
  const answers = request ? await answersOf(db, request.id) : [];
  const lineage = await lineageOf(engine, db, plan, promotion);
  const given = await withDoubles(
    db,
    await Promise.all(answers.map((answer) => givenAnswer(engine, db, site, answer, request))),
  );
  return {
    asks: plan.approvals,
    request: request ? requestIn(request) : null,
    now: await askedNow(db, site),
    lineage: await involved(db, lineage, peopleIn(given)),
    answers: given,
  };
}

/** Two pseudonyms are not yet two people: somebody may have been enrolled twice, under names that are compared as one. */
async function withDoubles(db: Db, given: readonly GivenAnswer[]): Promise<readonly GivenAnswer[]> {
  const known = await Promise.all(
    given.map(async ({ person }) => (await namesOf(db, person)).names.map(plainName)),
  );
  return given.map((one, at) => {
    const mine = new Set(known[at]);
    const doubles = given.flatMap(({ person }, other) =>
      person !== one.person && known[other]?.some((name) => mine.has(name)) ? [person] : [],
    );
    return doubles.length === 0 ? one : { ...one, also: [...new Set([...one.also, ...doubles])] };
  });
}

export function requestIn({ asked, basis, asked_at }: ApprovalRequestRow) {
  return { asked, basis, at: asked_at.toISOString() };
}

/** What a signature would be about now. */
export async function askedNow(
  db: Db,
  { plan, version, promotion }: Omit<ApprovalSite, "now">,
): Promise<AskedNow> {
  const { origin } = await readTree(db);
  return {
    ledger: origin,
    service: plan.lane.service,
    environment: plan.lane.environment,
    promotion,
    version,
    release: plan.release,
    configuration: plan.configuration,
    plan: digestOf(plan),
    policy: await policyNow(db, plan),
  };
}

const noPolicy: Digest = `sha256:${"0".repeat(64)}`;

/** As it is registered: a plan has the one of when it was made. */
async function policyNow(db: Db, { lane }: Plan): Promise<Digest> {
  const [pipeline, environment] = await Promise.all([
    registeredPipeline(db, lane.service),
    registeredEnvironment(db, lane.environment),
  ]);
  return pipeline && environment ? policyDigest(pipeline.document, environment.document) : noPolicy;
}

/** An answer, its signature verified anew from the signed bytes, and whether whoever gave it may give it now. */
export async function givenAnswer(
  engine: Engine,
  db: Db,
  { plan, now }: Pick<ApprovalSite, "plan" | "now">,
  row: PlacedAnswer,
  request: ApprovalRequestRow | undefined,
): Promise<GivenAnswer> {
  const standing = await approverStanding(
    db,
    plan.lane,
    { person: row.person, role: row.role, key: row.key_id, signedAt: row.answered_at },
    now,
  );
  return {
    id: row.id,
    request: row.request,
    purpose: row.purpose,
    person: row.person,
    also: standing.also,
    role: row.role,
    method: row.method,
    ...(row.asserted?.backupEligible === false ? { deviceBound: true as const } : {}),
    at: row.answered_at.toISOString(),
    notBefore: row.not_before?.toISOString() ?? null,
    expires: row.expires_at?.toISOString() ?? null,
    against: standing.against ?? (await signatureProblem(engine, db, row, request, standing)),
    enrolments: standing.enrolments,
  };
}

/** Why the bytes do not say what the row says; null when they do. */
async function signatureProblem(
  engine: Engine,
  db: Db,
  row: PlacedAnswer,
  request: ApprovalRequestRow | undefined,
  { rows }: ApproverStanding,
): Promise<string | null> {
  const kept = request && (await readAttestation(db, request.asked.release, row.id));
  if (!request || !kept) return "the signed bytes are not here";
  const bytes = await attestationBytes(engine, kept).catch(() => null);
  if (bytes === null) return "the signed bytes are not here";
  const { asked, basis } = request;
  const { person } = row;
  const verified = verifyApproval(bytes, personKeysOf(rows.keys), { asked, basis, person });
  if (!verified.ok) return verified.problem;
  const { purpose, role } = verified.value.said;
  return purpose === row.purpose && role === row.role
    ? null
    : "the signed bytes say something else";
}

/** Everybody whose own work matters here: approvers, their sponsors, and who vouched for them. */
export function peopleIn(answers: readonly Pick<GivenAnswer, "person" | "also" | "enrolments">[]) {
  return new Set(
    answers.flatMap(({ person, also, enrolments }) => [
      person,
      ...also,
      ...enrolments.flatMap(({ by, vouched, behind = {} }) => [
        ...by,
        ...vouched,
        ...Object.values(behind).flat(),
      ]),
    ]),
  );
}

/** The lineage by pseudonym, of those people alone: names stand in no decision. */
export async function involved(
  db: Db,
  { deeds, signed }: Pick<Lineage, "deeds" | "signed">,
  people: ReadonlySet<string>,
): Promise<readonly Involved[]> {
  const known = await Promise.all(
    [...people].map(async (person) => ({ person, names: (await namesOf(db, person)).names })),
  );
  return [
    ...deeds.map((deed) => ({
      what: deed.what,
      people: known
        .filter(({ names }) => ownDeedAmong(names, [deed]) !== undefined)
        .map(({ person }) => person)
        .sort(),
      proven: deed.proven,
    })),
    ...signed.map(({ what, person }) => ({ what, people: [person], proven: true })),
  ];
}
