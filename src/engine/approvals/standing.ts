import { sql } from "kysely";
import type { Enrolment } from "../../identity/approval/given.ts";
import { resetWaitMs } from "../../identity/enrolment/acts.ts";
import { type Sponsorship, sponsorships } from "../../identity/enrolment/sponsors.ts";
import { enrolmentOf, enrolmentsUsed } from "../../identity/enrolment/used.ts";
import { approveRight } from "../../model/approval.ts";
import type { Lane } from "../../model/primitives.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { grantsFor, keyById, namesOf } from "../../store/queries/grants.ts";
import type { GrantRow, PersonKeyRow, PersonLinkRow } from "../../store/schema-manual.ts";
import type { PersonStandingRow } from "../../store/schema-enrolment.ts";
import type { Db } from "../../store/schema.ts";
import { absence } from "../access/people/employment.ts";
import { type Gathered, gatherEnrolments } from "../access/people/enrolment.ts";

/** Whether somebody may answer as a role here, with which names, and who brought them here. */
export interface ApproverStanding {
  readonly names: readonly string[];
  readonly also: readonly string[];
  /** Why not, in a sentence; null when they may. */
  readonly against: string | null;
  /** Where only time stands against it: when that is over. */
  readonly waitsUntil?: Date | null;
  readonly enrolments: readonly Enrolment[];
  /** What all that follows from. */
  readonly rows: {
    readonly keys: readonly PersonKeyRow[];
    readonly links: readonly PersonLinkRow[];
    readonly grants: readonly GrantRow[];
    readonly standings: readonly PersonStandingRow[];
    readonly gathered: Gathered;
  };
}

export interface Approver {
  readonly person: string;
  readonly role: string;
  readonly key: string;
  /** When it came, by the database's clock. */
  readonly signedAt: Date;
  /** Another right than to approve as that role, and what it lets one do. */
  readonly right?: { readonly name: string; readonly says: string };
}

/** The same for any key of theirs: right and names alone, and whoever gave them. */
export async function roleStanding(
  db: Db,
  lane: Lane,
  { person, role, right }: Pick<Approver, "person" | "role" | "right">,
): Promise<Omit<ApproverStanding, "names">> {
  const now = new Date(await databaseTime(db));
  const [grants, { names, links }, here, gathered] = await Promise.all([
    grantsFor(db, right?.name ?? approveRight(role), lane, person),
    namesOf(db, person),
    absence(db, person, { now, signedAt: null }),
    gatherEnrolments(db, [person]),
  ]);
  const used = enrolmentsUsed(sponsorships(gathered.record, person), "", idsOf(grants));
  return {
    also: links.map(({ same }) => same),
    against:
      here.why ??
      noRight(right?.says ?? `approve as ${role}`, grants) ??
      erasedName(names, links) ??
      waits(used, now)?.why ??
      null,
    enrolments: used.map(enrolmentOf),
    rows: { keys: [], links, grants, standings: here.rows, gathered },
  };
}

const idsOf = (grants: readonly GrantRow[]) => grants.map(({ id }) => id);

function noRight(says: string, grants: readonly GrantRow[]): string | null {
  return grants.length > 0 ? null : `nobody gave this person the right to ${says} here`;
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
  { person, role, key: keyId, signedAt, right }: Approver,
  now: Date,
): Promise<ApproverStanding> {
  const [key, grants, { names, links }, reset, here, gathered] = await Promise.all([
    keyById(db, keyId),
    grantsFor(db, right?.name ?? approveRight(role), lane, person),
    namesOf(db, person),
    isReset(db, person, keyId, now),
    absence(db, person, { now, signedAt }),
    gatherEnrolments(db, [person]),
  ]);
  const used = enrolmentsUsed(sponsorships(gathered.record, person), keyId, idsOf(grants));
  const before =
    key === undefined || key.removed_at !== null || key.person !== person
      ? "the key that signed is this person's no more"
      : (here.why ??
        noRight(right?.says ?? `approve as ${role}`, grants) ??
        erasedName(names, links));
  const wait = before === null ? later(reset, waits(used, now)) : null;
  return {
    names,
    also: links.map(({ same }) => same),
    against: before ?? wait?.why ?? null,
    waitsUntil: wait?.until ?? null,
    enrolments: used.map(enrolmentOf),
    rows: { keys: key ? [key] : [], links, grants, standings: here.rows, gathered },
  };
}

interface Wait {
  readonly until: Date;
  readonly why: string;
}

/** What to do about it, where only time stands against somebody; undefined where something else does. */
export function hintToWait({
  waitsUntil,
}: Pick<ApproverStanding, "waitsUntil">): string | undefined {
  if (!waitsUntil) return undefined;
  return `nothing is missing: it waits, so that its owner hears of it. Sign from ${waitsUntil.toISOString()} (UTC) on, or let somebody else sign`;
}

/** The one that lasts longer. */
function later(one: Wait | null, other: Wait | null): Wait | null {
  if (one === null || other === null) return one ?? other;
  return one.until >= other.until ? one : other;
}

/** Somebody else could act as this person, or it gave itself what it has: its owner has a day to hear of it. */
function waits(used: readonly Sponsorship[], now: Date): Wait | null {
  const end = Math.max(
    0,
    ...used.map(({ act, own }) => {
      const given = own && ["grant.added", "role.assigned"].includes(act.kind);
      const wait = given ? resetWaitMs : act.waitMs;
      return wait === 0 ? 0 : Date.parse(act.at) + wait;
    }),
  );
  if (end <= now.getTime()) return null;
  const until = new Date(end);
  const why = `this identity was reset, or gave itself what it has, and cannot approve before ${until.toISOString()}`;
  return { until, why };
}

/**
 * A key that replaces another could be anybody's who can reset keys: it waits, so that its owner hears of it. Times are
 * those of the ledger's entries.
 */
async function isReset(db: Db, person: string, key: string, now: Date): Promise<Wait | null> {
  const { rows } = await sql<{ at: Date; first: Date }>`
    select own.at, (select min(e.at) from person_keys k join ledger_entries e
        on e.operation = 'person-key/' || k.key_id || '/1' where k.person = ${person} and not k.commits) as first
    from ledger_entries own where own.operation = ${`person-key/${key}/1`}
  `.execute(db);
  const [row] = rows;
  if (!row || row.at.getTime() <= row.first.getTime()) return null;
  const until = new Date(row.at.getTime() + resetWaitMs);
  if (until <= now) return null;
  const why = `this key is not the person's first, and cannot approve before ${until.toISOString()}`;
  return { until, why };
}
