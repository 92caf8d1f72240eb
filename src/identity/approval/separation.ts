import type { GivenAnswer, Involved } from "./given.ts";

/** Whether somebody may approve this piece of work (law 5), by pseudonyms alone: anybody can ask it again. */

export type GovernanceMode = "solo" | "team";

/** `own`: by their own hand; `made`: whoever made them what they are stands behind them; `unknown`: nobody's is proven. */
export interface OwnWork {
  readonly kind: "own" | "made" | "unknown";
  readonly message: string;
}

type Answerer = Pick<GivenAnswer, "person" | "also" | "enrolments">;

/**
 * Why an answer is no second person's, in a sentence; null when it is. Own work never counts. In `team` an unproven
 * identity counts as everybody, and so does an unproven sponsor; `solo` claims nothing of either, and says so elsewhere.
 */
export function ownWork(
  answer: Answerer,
  lineage: readonly Involved[],
  mode: GovernanceMode,
): string | null {
  return ownWorkOf(answer, lineage, mode)?.message ?? null;
}

/** The same with its kind, for whoever says what to do about it (`wayOut`). */
export function ownWorkOf(
  { person, also, enrolments }: Answerer,
  lineage: readonly Involved[],
  mode: GovernanceMode,
): OwnWork | null {
  const self = new Set([person, ...also]);
  const own = lineage.find(({ people }) => people.some((one) => self.has(one)));
  if (own) return { kind: "own", message: `this is own work: the ${own.what}` };
  const made = madeByWorkers({ person, also, enrolments }, lineage, mode);
  if (made !== null) return made;
  if (mode === "solo") return null;
  const unknown = lineage.find(({ proven }) => !proven);
  return unknown
    ? {
        kind: "unknown",
        message: `the ${unknown.what} is not proven to be anybody, which counts as everybody`,
      }
    : null;
}

/** Whether the word of somebody is that of whoever made them what they are, who has worked on it; null: it is their own. */
export function madeByWorkers(
  answerer: Answerer,
  lineage: readonly Involved[],
  mode: GovernanceMode,
): OwnWork | null {
  const involved = new Set(lineage.flatMap(({ people }) => people));
  const sponsor = openSponsor(answerer, involved, mode);
  if (sponsor?.why === "involved") {
    const message = `whoever enrolled ${sponsor.what} has worked on it, and no third person vouched`;
    return { kind: "made", message };
  }
  if (sponsor?.why === "unproven") {
    const message = `whoever enrolled ${sponsor.what} is not proven, which counts as everybody, and no third person vouched`;
    return { kind: "made", message };
  }
  return null;
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

/** What somebody of this name can do about it, in words that follow the message; never what a decision says. */
export function wayOut({ kind }: OwnWork, name: string): string {
  if (kind === "own") return "somebody else has to approve it, who had no hand in it";
  if (kind === "unknown") {
    return "nobody's approval counts before it is proven: commits by a signature or the git host's word, calls by a person's own session or token (docs/approvals.md)";
  }
  return `a third person with the right people.vouch or policy.change, who did none of that work and was not enrolled by whoever did (founders excepted), says that they know ${name}: tidelock person vouch ${name} --key <their private key>`;
}

/** What is not proven of the lineage, in a sentence; null: all of it is. */
export function unprovenIn(lineage: readonly Involved[]): string | null {
  const unknown = [...new Set(lineage.flatMap(({ what, proven }) => (proven ? [] : [what])))];
  const [first] = unknown;
  if (first === undefined) return null;
  const rest = unknown.length === 1 ? "" : ` and ${unknown.length - 1} more`;
  return `${first}${rest}`;
}
