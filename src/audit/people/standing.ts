import type { EnrolmentRecord } from "../../identity/enrolment/acts.ts";
import { whyAbsent } from "../../identity/enrolment/employment.ts";
import { type Sponsorship, sponsorships } from "../../identity/enrolment/sponsors.ts";
import { enrolmentOf, enrolmentsUsed } from "../../identity/enrolment/used.ts";
import type { Enrolment } from "../../identity/approval/given.ts";
import type { GovernanceMode } from "../../identity/approval/separation.ts";
import { holdingOf } from "../../identity/holdings.ts";
import type { Scope } from "../../model/principal.ts";
import type { LogEntry } from "../log-entry.ts";
import { Assigned, Granted, Linked, RoleDefined, StandingSet } from "../payloads-people.ts";
import { grantsOf } from "../checks/people.ts";
import { enrolmentsIn, type PeopleMaterial } from "./enrolments.ts";

/** What somebody was at a place of the log: names, mode of governance, rights, roles, sponsors, and whether they were here. */

/** Further pseudonyms of the same person. */
export function alsoOf(before: readonly LogEntry[], person: string): readonly string[] {
  return before.flatMap(({ leaf, payload }) => {
    const link = leaf.kind === "person.linked" ? Linked.safeParse(payload).data : undefined;
    return link?.person === person ? [link.same] : [];
  });
}

export function modeAt(before: readonly LogEntry[]): GovernanceMode {
  const last = before.findLast(({ leaf }) => leaf.kind === "governance.set");
  return last?.payload?.["mode"] === "team" ? "team" : "solo";
}

/** Why nothing of this person counted then; null: it did. */
export function absentAt(
  before: readonly LogEntry[],
  person: string,
  at: { readonly now: string; readonly signedAt: string | null },
): string | null {
  const words = before.flatMap(({ leaf, payload }) => {
    const read = leaf.kind === "person.standing-set" ? StandingSet.safeParse(payload) : null;
    return read?.success && read.data.person === person ? [{ ...read.data, setAt: leaf.time }] : [];
  });
  const signedAt = at.signedAt === null ? null : new Date(at.signedAt);
  return whyAbsent(words, { now: new Date(at.now), signedAt });
}

/** Where somebody had a right, or a role that held the permission of the same name, by the entries before. */
export function scopesOf(
  before: readonly LogEntry[],
  person: string,
  right: string,
): readonly Scope[] {
  const scopes = new Map<string, Scope>();
  const roles = new Map<string, readonly string[]>();
  const held = new Map<string, Assigned>();
  for (const { leaf, payload } of before) {
    const grant = leaf.kind.startsWith("grant.") ? Granted.safeParse(payload).data : undefined;
    if (grant?.person === person && grant.right === right) {
      if (grant.removed) scopes.delete(grant.grant);
      else scopes.set(grant.grant, grant);
    }
    const role = leaf.kind === "role.defined" ? RoleDefined.safeParse(payload).data : undefined;
    if (role) roles.set(role.role, role.permissions);
    const given = /^role\.(un)?assigned$/.test(leaf.kind)
      ? Assigned.safeParse(payload).data
      : undefined;
    if (given?.person === person) {
      if (given.removed) held.delete(given.assignment);
      else held.set(given.assignment, given);
    }
  }
  const byRole = [...held.values()].filter((one) =>
    holdingOf({ ...one, permissions: roles.get(one.role) ?? null }).permissions.has(right as never),
  );
  return [...scopes.values(), ...byRole];
}

/** Under which right a signature counts, by which key. */
export interface SignedUnder {
  readonly person: string;
  readonly key: string;
  readonly right: string;
}

/** Who stood behind what a signature leaned on, and whose word lifted that: as the server computes it for a decision. */
export function sponsorsOf(
  material: PeopleMaterial,
  person: string,
): (of: SignedUnder, where: Scope) => readonly Enrolment[] {
  const all = sponsorships(recordOf(material), person);
  return (of, where) => {
    const grants = grantsOf(material.before, of, where).map(({ grant }) => grant);
    return enrolmentsUsed(all, of.key, grants).map(enrolmentOf);
  };
}

/** Everything that made somebody what they are, each with the place of its entry. */
export function actsFor(
  material: PeopleMaterial,
  person: string,
): readonly (Sponsorship & { readonly entry: number })[] {
  const places = new Map(material.before.map(({ leaf, index }) => [leaf.operation, index]));
  return sponsorships(recordOf(material), person).map((one) => ({
    ...one,
    entry: places.get(one.act.operation) ?? -1,
  }));
}

const records = new WeakMap<readonly LogEntry[], Map<string | undefined, EnrolmentRecord>>();

/** The whole log's record is the same for every signature that stands at one place. */
function recordOf(material: PeopleMaterial): EnrolmentRecord {
  const { before, now } = material;
  const known = records.get(before) ?? new Map<string | undefined, EnrolmentRecord>();
  records.set(before, known);
  const record = known.get(now) ?? enrolmentsIn(material);
  known.set(now, record);
  return record;
}
