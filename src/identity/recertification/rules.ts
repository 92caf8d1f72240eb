import type { ReviewDecision, ReviewLine } from "../../model/access-review.ts";
import type { Scope } from "../../model/principal.ts";

/** Who may say what about which line. Pure. */

/** Where a reviewer may: a right or a role there, or everywhere. */
export type ReviewerScopes = readonly Scope[];

/** Why a reviewer's word on a line does not count, in a sentence; null when it does. Nobody certifies themselves. */
export function whyNotReview(
  line: ReviewLine,
  reviewer: { readonly people: readonly string[]; readonly scopes: ReviewerScopes },
): string | null {
  if (line.person !== null && reviewer.people.includes(line.person)) {
    return "nobody certifies themselves: somebody else reviews this line";
  }
  const within = reviewer.scopes.some(
    ({ service, environment }) =>
      (service === null || service === line.service) &&
      (environment === null || environment === line.environment),
  );
  if (within) return null;
  return `nothing lets this person review ${line.service ?? "what reaches every service"}`;
}

/** Lines that nobody has said anything of. */
export function openLines(
  lines: readonly ReviewLine[],
  said: readonly ReviewDecision[],
): readonly ReviewLine[] {
  const decided = new Set(said.map(({ line }) => line));
  return lines.filter(({ id }) => !decided.has(id));
}

/** The smallest role that holds all that is used, if it holds less; null: there is none. By name where two are as small. */
export function smallerRole(
  held: ReadonlySet<string>,
  used: ReadonlySet<string>,
  roles: readonly { readonly name: string; readonly permissions: ReadonlySet<string> }[],
): string | null {
  const needed = [...used].filter((one) => held.has(one));
  const [smallest] = roles
    .filter(
      ({ permissions }) =>
        permissions.size < held.size &&
        [...permissions].every((one) => held.has(one)) &&
        needed.every((one) => permissions.has(one)),
    )
    .sort((a, b) => a.permissions.size - b.permissions.size || (a.name < b.name ? -1 : 1));
  return smallest?.name ?? null;
}
