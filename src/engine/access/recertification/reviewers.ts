import { holdingOf } from "../../../identity/holdings.ts";
import { enrolmentOf, enrolmentsUsed } from "../../../identity/enrolment/used.ts";
import { sponsorships } from "../../../identity/enrolment/sponsors.ts";
import { plainName } from "../../../identity/plain-name.ts";
import { reaches, whyNotKeep, whyNotReview } from "../../../identity/recertification/rules.ts";
import { type ReviewDecision, type ReviewLine, reviewRight } from "../../../model/access-review.ts";
import type { Scope } from "../../../model/principal.ts";
import { samePeople } from "../../../store/queries/enrolment.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import { readRole } from "../../../store/queries/tokens.ts";
import type { Db } from "../../../store/schema.ts";
import { governanceMode } from "../../policy/governance.ts";
import { gatherEnrolments } from "../people/enrolment.ts";
import { refused, wholeNames } from "../people/two-people.ts";

/** Whether somebody may say what they say of these lines of a review. */

interface Reviewing {
  readonly person: string;
  /** That signed. */
  readonly key: string;
  readonly decisions: readonly ReviewDecision[];
  readonly lines: readonly ReviewLine[];
  readonly before: readonly ReviewDecision[];
  readonly id: string;
}

/** @throws TidelockError `invalid-input`, `conflict`, `forbidden` for the first line of which the word does not count */
export async function requireMay(
  tx: Db,
  { person, key, decisions, lines, before, id }: Reviewing,
): Promise<void> {
  // Whose name is gone cannot be told apart from whose line it is.
  await wholeNames(tx, person, id);
  const { links } = await namesOf(tx, person);
  const also = links.map(({ same }) => same);
  const people = [person, ...also, ...(await doublesOf(tx, person, lines))];
  const scopes = await scopesOf(tx, person);
  const made = await sponsorsOf(tx, { person, key, also });
  const said = new Set(before.map(({ line }) => line));
  for (const { line: name, answer } of decisions) {
    const line = lines.find((one) => one.id === name);
    if (!line) throw notThis(`it has no line ${name}`, id);
    if (said.has(name)) throw refused("conflict", "somebody has reviewed this line", name);
    said.add(name);
    const why = whyNotReview(line, { people, scopes });
    if (why !== null) {
      const hint = "tidelock person grant <name> --review; or leave the line to somebody else";
      throw refused("forbidden", why, name, hint);
    }
    const whyMade = answer === "keep" ? await made(line) : null;
    if (whyMade === null) continue;
    const hint =
      "tidelock person sponsors shows who made them; a third person: tidelock person vouch";
    throw refused("forbidden", whyMade, name, hint);
  }
}

type Reviewer = Pick<Reviewing, "person" | "key"> & { readonly also: readonly string[] };

/** Asks of a line whether whoever has it made the reviewer. */
async function sponsorsOf(
  tx: Db,
  { person, key, also }: Reviewer,
): Promise<(line: ReviewLine) => Promise<string | null>> {
  const { record } = await gatherEnrolments(tx, [person]);
  const all = sponsorships(record, person);
  const rights = await rightsOf(tx, person);
  const mode = await governanceMode(tx);
  return async (line) => {
    if (line.person === null) return null;
    const within = rights.filter((right) => reaches(right, line)).map(({ id }) => id);
    const enrolments = enrolmentsUsed(all, key, within).map(enrolmentOf);
    const owner = (await samePeople(tx, [line.person])).get(line.person);
    const owners = [line.person, ...(owner === undefined ? [] : [owner])];
    return whyNotKeep(owners, { person, also, enrolments }, mode);
  };
}

/** Of whose lines these are, those under a name that is compared as one of the reviewer's: somebody enrolled twice. */
async function doublesOf(
  tx: Db,
  person: string,
  lines: readonly ReviewLine[],
): Promise<readonly string[]> {
  const mine = new Set((await namesOf(tx, person)).names.map(plainName));
  const others = new Set(lines.flatMap((line) => line.person ?? []));
  const doubles: string[] = [];
  for (const other of others) {
    const { names } = await namesOf(tx, other);
    if (names.some((name) => mine.has(plainName(name)))) doubles.push(other);
  }
  return doubles;
}

/** By a right of their signatures, or a role that holds the permission of the same name. */
async function scopesOf(db: Db, person: string): Promise<readonly Scope[]> {
  const scopes: Scope[] = [...(await rightsOf(db, person))];
  for (const row of await rolesOf(db, person)) {
    const { permissions = null } = (await readRole(db, row.role)) ?? {};
    if (holdingOf({ ...row, permissions }).permissions.has(reviewRight)) scopes.push(row);
  }
  return scopes;
}

export function rightsOf(db: Db, person: string) {
  return db
    .selectFrom("grants")
    .selectAll()
    .where("person", "=", person)
    .where("right", "=", reviewRight)
    .where("removed_at", "is", null)
    .execute();
}

export function rolesOf(db: Db, person: string) {
  return db
    .selectFrom("role_assignments")
    .selectAll()
    .where("person", "=", person)
    .where("removed_at", "is", null)
    .execute();
}

export function notThis(problem: string, id: string) {
  const hint = "look at it as it is, and sign that: tidelock access review sign";
  return refused("invalid-input", `this is no word on ${id}: ${problem}`, id, hint);
}
