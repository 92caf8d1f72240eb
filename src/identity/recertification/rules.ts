import type { ReviewDecision, ReviewLine } from "../../model/access-review.ts";
import type { Scope } from "../../model/principal.ts";
import type { GivenAnswer } from "../approval/given.ts";
import { type GovernanceMode, openSponsor } from "../approval/separation.ts";

/** Who may say what about which line. Pure. */

/** Where a reviewer may: a right or a role there, or everywhere. */
export type ReviewerScopes = readonly Scope[];

/** Whether a right or a role of this scope covers all that the line reaches. */
export function reaches({ service, environment }: Scope, line: Scope): boolean {
  return (
    (service === null || service === line.service) &&
    (environment === null || environment === line.environment)
  );
}

/** Why a reviewer's word on a line does not count, in a sentence; null when it does. Nobody certifies themselves. */
export function whyNotReview(
  line: ReviewLine,
  reviewer: { readonly people: readonly string[]; readonly scopes: ReviewerScopes },
): string | null {
  if (line.person !== null && reviewer.people.includes(line.person)) {
    return "nobody certifies themselves: somebody else reviews this line";
  }
  if (reviewer.scopes.some((scope) => reaches(scope, line))) return null;
  return `nothing lets this person review ${line.service ?? "what reaches every service"}`;
}

/**
 * Why a reviewer's word that a line stays does not count because of who made the reviewer, in a sentence; null when it
 * does: nobody certifies whoever stands behind them, by the same rule as for approvals. That something goes anybody may
 * say who may review, as anybody may reject.
 *
 * @param owners every pseudonym of whoever has what the line is about; none: a machine's
 */
export function whyNotKeep(
  owners: readonly string[],
  reviewer: Pick<GivenAnswer, "person" | "also" | "enrolments">,
  mode: GovernanceMode,
): string | null {
  const sponsor = owners.length === 0 ? null : openSponsor(reviewer, new Set(owners), mode);
  if (sponsor === null) return null;
  const who = sponsor.why === "involved" ? "has this line" : "is not proven to be anybody else";
  return `whoever enrolled ${sponsor.what} of the reviewer ${who}, and no third person vouched: somebody else reviews this line`;
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
