import type { Permission } from "../model/permissions.ts";
import type { WorkloadRule } from "../model/workload.ts";
import type { Holding, Scope } from "../model/principal.ts";
import { builtInRoles } from "./roles.ts";

/** Who can do what, how they got it, and what of it nobody seems to need. */

/** One way to do something: a role somewhere, a right of signatures, or the token of the data directory. */
export interface AccessLine extends Scope {
  readonly who: string;
  readonly kind: "bootstrap" | "person" | "token" | "workload";
  /** Id of what gave it: an assignment, a token, a workload rule, a grant; null: the data directory. */
  readonly by: string | null;
  /** The role, or the right. */
  readonly has: string;
  readonly permissions: readonly Permission[];
  readonly givenBy: string;
  /** RFC 3339; null: whoever owns the machine has it since the beginning. */
  readonly since: string | null;
  readonly until: string | null;
  /** To the hour; null: never, or nobody counts. */
  readonly lastUsed: string | null;
  /** What to look at, in sentences. */
  readonly notes: readonly string[];
}

/** What to know of a way whose person is locked out: a lock keeps out who signs in, and ends no key. */
export function lockedNote({ has }: Pick<AccessLine, "has">): string {
  return has.startsWith("right ")
    ? "locked out; what their key signs counts all the same: tidelock person suspend ends that"
    : "locked out: nobody gets in by it until the account is unlocked";
}

const dayMs = 86_400_000;
/** After this long without use somebody should say that it is still needed. Days. */
const unusedDays = 30;
/** A token that is used from more networks or programs than this is held by many. */
const fewPlaces = 2;

export interface TokenUseFacts {
  readonly addedAt: string;
  readonly lastUsedAt: string | null;
  readonly places: number;
  readonly permissions: ReadonlySet<Permission>;
  readonly machine: boolean;
  readonly service: string | null;
}

/** What stands out about a token. `now`: milliseconds. */
export function tokenNotes(token: TokenUseFacts, now: number): readonly string[] {
  const { lastUsedAt, addedAt, places, permissions, machine, service } = token;
  const idle = Math.floor((now - Date.parse(lastUsedAt ?? addedAt)) / dayMs);
  const notes: string[] = [];
  if (idle >= unusedDays) {
    notes.push(lastUsedAt === null ? `never used in ${idle} days` : `unused for ${idle} days`);
  }
  if (places > fewPlaces) notes.push(`shared: used from ${places} networks or programs`);
  if (permissions.size === 0)
    notes.push("may nothing: its role holds nothing, or its person has none");
  if (machine && service === null && permissions.has("promotion.start")) {
    notes.push("a machine that may promote every service");
  }
  return notes;
}

/** What stands out about a rule by which programs of another platform get tokens. `now`: milliseconds. */
export function ruleNotes(
  rule: Pick<WorkloadRule, "anyWorkflow" | "service" | "platform"> & {
    readonly addedAt: string;
    readonly lastUsedAt: string | null;
  },
  now: number,
): readonly string[] {
  const idle = Math.floor((now - Date.parse(rule.lastUsedAt ?? rule.addedAt)) / dayMs);
  return [
    ...(idle < unusedDays
      ? []
      : [rule.lastUsedAt === null ? `never used in ${idle} days` : `unused for ${idle} days`]),
    ...(rule.anyWorkflow ? ["any workflow of the place gets a token"] : []),
    ...(rule.service === null ? ["counts for every service"] : []),
  ];
}

/** What stands out about a role that a person has. `now`: milliseconds. */
export function roleNotes(
  holding: Holding,
  person: {
    readonly name: string | null;
    readonly tokens: number;
    readonly signedIn: boolean;
    /** When the role was given. RFC 3339. */
    readonly addedAt: string;
  },
  now: number,
): readonly string[] {
  const notes: string[] = [];
  if (person.name === null) notes.push("this person was erased: take the role away");
  else if (person.tokens === 0 && !person.signedIn) {
    // Of a role of yesterday nobody can say that it was not used for a month.
    const young = now - Date.parse(person.addedAt) < unusedDays * dayMs;
    notes.push(
      young
        ? "not used yet: this person has no token that counts, and has not signed in"
        : "unused: this person has no token that counts, and has not signed in for a month",
    );
  }
  if (holding.permissions.size === 0) notes.push("the role holds nothing");
  const every = holding.service === null && holding.environment === null;
  if (
    every &&
    holding.permissions.size >= (builtInRoles.get("administrator")?.permissions.size ?? 0)
  ) {
    notes.push("administrator of everything");
  }
  return notes;
}
