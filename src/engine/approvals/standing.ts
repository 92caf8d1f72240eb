import { sql } from "kysely";
import type { Enrolment } from "../../identity/approval/given.ts";
import { isShared } from "../../identity/lineage.ts";
import { approveRight } from "../../model/approval.ts";
import type { Lane } from "../../model/primitives.ts";
import { grantsFor, keyById, namesOf } from "../../store/queries/grants.ts";
import { personByName } from "../../store/queries/people.ts";
import type { GrantRow, PersonKeyRow, PersonLinkRow } from "../../store/schema-manual.ts";
import type { Db } from "../../store/schema.ts";

/** A key that came after another one of the same person cannot approve for so long. Milliseconds. */
export const resetWaitMs = 86_400_000;

/** Whether somebody may answer as a role here, with which names, and who brought them here. */
export interface ApproverStanding {
  readonly names: readonly string[];
  readonly also: readonly string[];
  /** Why not, in a sentence; null when they may. */
  readonly against: string | null;
  readonly enrolments: readonly Enrolment[];
  /** What all that follows from. */
  readonly rows: {
    readonly keys: readonly PersonKeyRow[];
    readonly links: readonly PersonLinkRow[];
    readonly grants: readonly GrantRow[];
  };
}

export interface Approver {
  readonly person: string;
  readonly role: string;
  readonly key: string;
}

/** The same for any key of theirs: right and names alone, and whoever gave them. */
export async function roleStanding(
  db: Db,
  lane: Lane,
  { person, role }: Pick<Approver, "person" | "role">,
): Promise<Pick<ApproverStanding, "also" | "against" | "enrolments">> {
  const [grants, { names, links }] = await Promise.all([
    grantsFor(db, approveRight(role), lane, person),
    namesOf(db, person),
  ]);
  return {
    also: links.map(({ same }) => same),
    against: noRight(role, grants) ?? erasedName(names, links),
    enrolments: await enrolmentsOf(db, { key: undefined, grants, links, role }),
  };
}

function noRight(role: string, grants: readonly GrantRow[]): string | null {
  return grants.length > 0 ? null : `nobody gave this person the right to approve as ${role} here`;
}

function erasedName(names: readonly string[], links: readonly PersonLinkRow[]): string | null {
  return names.length > links.length
    ? null
    : "a name of this person was erased, so that own work cannot be told";
}

/** Key, right and names as they stand now: asked when somebody answers, at the gate, and right before the shift. */
export async function approverStanding(
  db: Db,
  lane: Lane,
  { person, role, key: keyId }: Approver,
  now: Date,
): Promise<ApproverStanding> {
  const [key, grants, { names, links }, reset] = await Promise.all([
    keyById(db, keyId),
    grantsFor(db, approveRight(role), lane, person),
    namesOf(db, person),
    isReset(db, person, keyId, now),
  ]);
  const against =
    key === undefined || key.removed_at !== null || key.person !== person
      ? "the key that signed is this person's no more"
      : (noRight(role, grants) ?? erasedName(names, links) ?? reset);
  return {
    names,
    also: links.map(({ same }) => same),
    against,
    enrolments: await enrolmentsOf(db, { key, grants, links, role }),
    rows: { keys: key ? [key] : [], links, grants },
  };
}

/**
 * A key that replaces another could be anybody's who can reset keys: it waits, so that its owner hears of it. Times are
 * those of the ledger's entries.
 */
async function isReset(db: Db, person: string, key: string, now: Date): Promise<string | null> {
  const { rows } = await sql<{ at: Date; first: Date }>`
    select own.at, (select min(e.at) from person_keys k join ledger_entries e
        on e.operation = 'person-key/' || k.key_id || '/1' where k.person = ${person}) as first
    from ledger_entries own where own.operation = ${`person-key/${key}/1`}
  `.execute(db);
  const [row] = rows;
  if (!row || row.at.getTime() <= row.first.getTime()) return null;
  const until = new Date(row.at.getTime() + resetWaitMs);
  if (until <= now) return null;
  return `this key is not the person's first, and cannot approve before ${until.toISOString()}`;
}

interface Sources {
  readonly key: PersonKeyRow | undefined;
  readonly grants: readonly GrantRow[];
  readonly links: readonly PersonLinkRow[];
  readonly role: string;
}

/** Whoever enrolled a key, gave a right or linked a name is a sponsor of the identity. */
async function enrolmentsOf(
  db: Db,
  { key, grants, links, role }: Sources,
): Promise<readonly Enrolment[]> {
  const made = [
    ...(key ? [{ what: "the key", by: key.added_by, effect: { key: key.key_id } }] : []),
    // One right is enough: the one with the fewest questions, which the evaluation finds.
    ...grants.slice(0, 1).map(({ id, added_by }) => ({
      what: `the right to approve as ${role}`,
      by: added_by,
      effect: { grant: id },
    })),
    ...links.map(({ added_by }) => ({ what: "another name", by: added_by, effect: null })),
  ];
  return Promise.all(
    made.map(async ({ what, by, effect }) => {
      const signers = effect === null ? [] : await signersOf(db, effect);
      const sponsor = await pseudonymsOf(db, by);
      const proven = !isShared(by) || signers.length > 0;
      // Whoever signed first stands for it; any other signer is a third person who vouches.
      return {
        what,
        by: [...new Set([...sponsor, ...signers.slice(0, 1)])].sort(),
        proven,
        vouched: signers.slice(1),
      };
    }),
  );
}

/** Pseudonyms of a name and of whoever it is another name of. */
async function pseudonymsOf(db: Db, name: string): Promise<readonly string[]> {
  // A token that anybody may hold is nobody's name.
  const row = isShared(name) ? undefined : await personByName(db, name);
  if (!row) return [];
  const link = await db
    .selectFrom("person_links")
    .select("person")
    .where("same", "=", row.pseudonym)
    .executeTakeFirst();
  return link ? [row.pseudonym, link.person] : [row.pseudonym];
}

/** Who signed the proposal that brought a key or a right into effect, in the order of signing. */
async function signersOf(
  db: Db,
  effect: { readonly key: string } | { readonly grant: string },
): Promise<readonly string[]> {
  const { rows } = await sql<{ person: string }>`
    select s.content ->> 'person' as person from policy_acts e
    join policy_acts s on s.proposal = e.proposal and s.kind = 'sign'
    where e.kind = 'effect' and e.content @> ${JSON.stringify(effect)}::jsonb
    order by s.at
  `.execute(db);
  return rows.flatMap(({ person }) => person ?? []);
}
