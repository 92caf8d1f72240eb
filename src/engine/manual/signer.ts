import { madeByWorkers } from "../../identity/approval/separation.ts";
import { deedsOf } from "../../identity/lineage.ts";
import { personKeysProjection } from "../../store/projections/access.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import type { CheckRequestRow } from "../../store/schema-manual.ts";
import type { Db } from "../../store/schema.ts";
import { groundsOfEnrolments } from "../access/people/held.ts";
import { involved, peopleIn } from "../approvals/gather.ts";
import { type ApproverStanding, approverStanding, roleStanding } from "../approvals/standing.ts";
import { type Ground, groundsOf } from "../ledger/leaning.ts";
import { governanceMode } from "../policy/governance.ts";
import { answerRight, workOf } from "./right.ts";

type Asked = Pick<
  CheckRequestRow,
  "id" | "check" | "role" | "service" | "environment" | "release" | "promotion"
>;

/** Whose key signs an answer, or would. */
export interface Signer {
  readonly person: string;
  /** Null: whichever of theirs. */
  readonly key: string | null;
}

/**
 * Why an answer by this key would be somebody else's word, or nobody's, as with approvals: the key was reset lately, or
 * whoever enrolled its owner has worked on this, and no third person vouched. Null: nothing says so.
 */
export async function signerAgainst(
  db: Db,
  request: Asked,
  signer: Signer,
): Promise<string | null> {
  const standing = await signerStanding(db, request, signer);
  if (standing.against !== null) return standing.against;
  const work = await workOf(db, request);
  if (work === null) return null;
  const self = { person: signer.person, also: standing.also, enrolments: standing.enrolments };
  const lineage = { deeds: deedsOf(work), signed: [] };
  const known = await involved(db, lineage, peopleIn([self]));
  return madeByWorkers(self, known, await governanceMode(db))?.message ?? null;
}

async function signerStanding(
  db: Db,
  { role, service, environment }: Asked,
  { person, key }: Signer,
): Promise<Pick<ApproverStanding, "also" | "against" | "enrolments" | "rows">> {
  const now = new Date(await databaseTime(db));
  const right = { name: answerRight(role), says: `answer as ${role}` };
  const lane = { service, environment };
  return key === null
    ? roleStanding(db, lane, { person, role, right })
    : approverStanding(db, lane, { person, role, key, signedAt: now, right }, now);
}

/** What that was made from, to be held against the log. */
export async function groundsOfSigner(
  db: Db,
  request: Asked,
  signer: Signer,
): Promise<readonly Ground[]> {
  const { rows } = await signerStanding(db, request, signer);
  return [...groundsOf(personKeysProjection, rows.keys), ...groundsOfEnrolments([rows.gathered])];
}
