import type { GivenAnswer, Involved } from "./given.ts";

/** Whether somebody may approve this piece of work (law 5), by pseudonyms alone: anybody can ask it again. */

export type GovernanceMode = "solo" | "team";

/**
 * Why an answer is no second person's, in a sentence; null when it is. Own work never counts. In `team` an unproven
 * identity counts as everybody, and so does an unproven sponsor; `solo` claims nothing of either, and says so elsewhere.
 */
export function ownWork(
  { person, also, enrolments }: Pick<GivenAnswer, "person" | "also" | "enrolments">,
  lineage: readonly Involved[],
  mode: GovernanceMode,
): string | null {
  const self = new Set([person, ...also]);
  const own = lineage.find(({ people }) => people.some((one) => self.has(one)));
  if (own) return `this is own work: the ${own.what}`;
  const involved = new Set(lineage.flatMap(({ people }) => people));
  const sponsor = openSponsor({ person, also, enrolments }, involved, mode);
  if (sponsor?.why === "involved") {
    return `whoever enrolled ${sponsor.what} has worked on it, and no third person vouched`;
  }
  if (sponsor?.why === "unproven") {
    return `whoever enrolled ${sponsor.what} is not proven, which counts as everybody, and no third person vouched`;
  }
  if (mode === "solo") return null;
  const unknown = lineage.find(({ proven }) => !proven);
  return unknown
    ? `the ${unknown.what} is not proven to be anybody, which counts as everybody`
    : null;
}

/**
 * Something that made an identity, by one of those whom its word is about (or, in `team`, by nobody knows whom), and for
 * which no third person vouched; null: there is none.
 */
export function openSponsor(
  { person, also, enrolments }: Pick<GivenAnswer, "person" | "also" | "enrolments">,
  involved: ReadonlySet<string>,
  mode: GovernanceMode,
): { readonly what: string; readonly why: "involved" | "unproven" } | null {
  const self = new Set([person, ...also]);
  for (const { what, by, proven, vouched, behind = {} } of enrolments) {
    const third = vouched.some(
      (one) =>
        !self.has(one) && ![one, ...(behind[one] ?? [])].some((sponsor) => involved.has(sponsor)),
    );
    if (third) continue;
    if (by.some((one) => involved.has(one))) return { what, why: "involved" };
    if (mode === "team" && !proven) return { what, why: "unproven" };
  }
  return null;
}

/** What is not proven of the lineage, in a sentence; null: all of it is. */
export function unprovenIn(lineage: readonly Involved[]): string | null {
  const unknown = [...new Set(lineage.flatMap(({ what, proven }) => (proven ? [] : [what])))];
  const [first] = unknown;
  if (first === undefined) return null;
  const rest = unknown.length === 1 ? "" : ` and ${unknown.length - 1} more`;
  return `${first}${rest}`;
}
