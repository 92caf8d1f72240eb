import { type Insertable, sql } from "kysely";
import { enrolmentKinds } from "../../identity/enrolment/acts.ts";
import { personStandingsProjection, personVouchesProjection } from "../projections/enrolment.ts";
import { recordRows } from "../projections/projection.ts";
import type { PersonStandingRow, PersonState, PersonVouchRow } from "../schema-enrolment.ts";
import type { Db, Schema } from "../schema.ts";

/** How people came to be what they are here, and whether they still are. */

export interface ActEntry {
  readonly kind: string;
  readonly operation: string;
  /** Pseudonym, or a program of ours. */
  readonly actor: string;
  /** Null: a program, or erased. */
  readonly actor_name: string | null;
  readonly person: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

/** Acts for these people, in the order of the log. */
export async function enrolmentEntries(
  db: Db,
  people: readonly string[],
): Promise<readonly ActEntry[]> {
  const { rows } = await sql<ActEntry>`
    select e.kind, e.operation, e.actor, p.person as actor_name, e.payload ->> 'person' as person,
      e.payload, e.at
    from ledger_entries e left join ledger_people p on p.pseudonym = e.actor
    where e.stream = 'system' and e.payload ->> 'person' = any(${[...people]})
      and e.kind = any(${[...enrolmentKinds.keys()]})
    order by e.entry
  `.execute(db);
  return rows;
}

/** A change of who decides that two people have signed. */
export interface SignedChange {
  readonly proposal: string;
  readonly change: Readonly<Record<string, unknown>>;
  readonly effect: Readonly<Record<string, unknown>>;
  /** In the order of signing. */
  readonly signers: readonly string[];
}

export async function signedEnrolments(db: Db): Promise<readonly SignedChange[]> {
  const { rows } = await sql<SignedChange>`
    select e.proposal, p.content -> 'proposed' -> 'change' as change, e.content as effect,
      (select json_agg(s.content ->> 'person' order by s.at, s.id) from policy_acts s
        where s.proposal = e.proposal and s.kind = 'sign') as signers
    from policy_acts e join policy_acts p on p.proposal = e.proposal and p.kind = 'propose'
    where e.kind = 'effect'
      and p.content -> 'proposed' -> 'change' ->> 'kind' in ('grant', 'key', 'role', 'enrolment')
    order by e.at, e.id
  `.execute(db);
  return rows.map((row) => ({ ...row, signers: row.signers ?? [] }));
}

/** Further pseudonyms of anybody, by the one that stands for the person. */
export async function samePeople(
  db: Db,
  people: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (people.length === 0) return new Map();
  const rows = await db
    .selectFrom("person_links")
    .select(["same", "person"])
    .where("same", "in", people)
    .execute();
  return new Map(rows.map(({ same, person }) => [same, person]));
}

export async function vouchesFor(
  db: Db,
  people: readonly string[],
): Promise<readonly PersonVouchRow[]> {
  if (people.length === 0) return [];
  return db
    .selectFrom("person_vouches")
    .selectAll()
    .where("person", "in", people)
    .orderBy("added_at")
    .execute();
}

/** Undefined when these very bytes are there. */
export async function insertVouch(
  tx: Db,
  vouch: Insertable<Schema["person_vouches"]>,
): Promise<PersonVouchRow | undefined> {
  const row = await tx
    .insertInto("person_vouches")
    .values(vouch)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, personVouchesProjection, [row], { actor: row.added_by });
  return row;
}

export async function standingsOf(db: Db, person: string): Promise<readonly PersonStandingRow[]> {
  return db
    .selectFrom("person_standings")
    .selectAll()
    .where("person", "=", person)
    .orderBy("version")
    .execute();
}

/** @param from absent: from now on, by the database's clock */
export async function insertStanding(
  tx: Db,
  word: {
    readonly person: string;
    readonly state: PersonState;
    readonly from: Date | null;
    readonly reason: string;
    /** That two people have signed; null: one was enough. */
    readonly proposal: string | null;
  },
  by: string,
): Promise<PersonStandingRow> {
  const { person, state, from, reason, proposal } = word;
  const row = await tx
    .insertInto("person_standings")
    .values({
      person,
      version: sql<number>`(select coalesce(max(version), 0) + 1 from person_standings where person = ${person})`,
      state,
      from_at: from ?? sql<Date>`date_trunc('milliseconds', clock_timestamp())`,
      reason,
      set_by: by,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const more = proposal === null ? {} : { proposal };
  await recordRows(tx, personStandingsProjection, [row], { actor: by, more });
  return row;
}

/** Everybody of whom something is said, newest word last. */
export async function allStandings(db: Db): Promise<readonly PersonStandingRow[]> {
  return db
    .selectFrom("person_standings")
    .selectAll()
    .orderBy("person")
    .orderBy("version")
    .execute();
}

/** When team governance was entered for the first time. */
export async function foundedAt(db: Db): Promise<Date | null> {
  const row = await db
    .selectFrom("governance")
    .select("at")
    .where("mode", "=", "team")
    .orderBy("version")
    .limit(1)
    .executeTakeFirst();
  return row?.at ?? null;
}
