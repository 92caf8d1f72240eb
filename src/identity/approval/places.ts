import type { AskedApproval } from "../../model/approval.ts";
import type { GivenAnswer } from "./given.ts";
import { type GovernanceMode, ownWork } from "./separation.ts";

/** Which approvals fill which of the places that are asked for. Pure and total. */

export interface Filled {
  readonly ask: AskedApproval;
  readonly people: readonly string[];
}

/**
 * Each person counts once over all demands: a largest assignment (augmenting paths), so that nobody who could fill another
 * place stands in the way.
 */
export function filled(
  asks: readonly AskedApproval[],
  answers: readonly GivenAnswer[],
  counts: (answer: GivenAnswer, ask: AskedApproval) => boolean,
): readonly Filled[] {
  const people = distinct(answers);
  const places = asks.flatMap((ask, index) => Array.from({ length: ask.count }, () => index));
  const taken = new Map<number, number>();
  const fits = people.map(
    (given) =>
      new Set(
        asks.flatMap((ask, index) => (given.some((answer) => counts(answer, ask)) ? [index] : [])),
      ),
  );
  const place = (person: number, seen: Set<number>): boolean => {
    for (const [at, ask] of places.entries()) {
      if (seen.has(at) || !fits[person]?.has(ask)) continue;
      seen.add(at);
      const before = taken.get(at);
      if (before !== undefined && !place(before, seen)) continue;
      taken.set(at, person);
      return true;
    }
    return false;
  };
  for (const person of people.keys()) place(person, new Set());
  return asks.map((ask, index) => ({
    ask,
    people: [...taken]
      .filter(([at]) => places[at] === index)
      .map(([, person]) => people[person]?.[0]?.person ?? "")
      .sort(),
  }));
}

/** Answers by person: two pseudonyms that belong together are one. */
function distinct(answers: readonly GivenAnswer[]): readonly (readonly GivenAnswer[])[] {
  const groups: { readonly names: Set<string>; readonly given: GivenAnswer[] }[] = [];
  for (const answer of [...answers].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const names = [answer.person, ...answer.also];
    const same = groups.filter((group) => names.some((name) => group.names.has(name)));
    const merged = { names: new Set(names), given: [answer] };
    for (const group of same) {
      for (const name of group.names) merged.names.add(name);
      merged.given.unshift(...group.given);
      groups.splice(groups.indexOf(group), 1);
    }
    groups.push(merged);
  }
  return groups.map(({ given }) => given);
}

type Counts = (answer: GivenAnswer, ask: AskedApproval) => boolean;

/** Of more people than this it is tried no more which one is best left out; fewer places are filled then, never more. */
const mostTried = 12;

/**
 * The same, where whoever brought somebody here answers for both (until a third person vouches): of two such people one
 * counts, and it is the one with whom more places are filled.
 */
export function filledApart(
  asks: readonly AskedApproval[],
  answers: readonly GivenAnswer[],
  counts: Counts,
  mode: GovernanceMode,
): readonly Filled[] {
  const good = filled(asks, answers, counts);
  const chosen = new Set(good.flatMap(({ people }) => people));
  const pair = madePair(
    answers.filter(({ person }) => chosen.has(person)),
    mode,
  );
  if (pair === null) return good;
  const without = ({ person }: GivenAnswer) =>
    filledApart(
      asks,
      answers.filter((answer) => answer.person !== person),
      counts,
      mode,
    );
  const rest = without(pair.made);
  if (answers.length > mostTried) return rest;
  const other = without(pair.by);
  return placesIn(other) > placesIn(rest) ? other : rest;
}

/** Somebody of whom the other one has made what they are; null: nobody. */
function madePair(
  answers: readonly GivenAnswer[],
  mode: GovernanceMode,
): { readonly made: GivenAnswer; readonly by: GivenAnswer } | null {
  for (const made of answers) {
    const by = answers.find((other) => whyMade(made, other, mode) !== null);
    if (by) return { made, by };
  }
  return null;
}

/** Why one is not another person than the other, in a sentence; null: they are. */
export function whyMade(made: GivenAnswer, by: GivenAnswer, mode: GovernanceMode): string | null {
  const self = new Set([made.person, ...made.also]);
  const people = [by.person, ...by.also];
  if (people.some((one) => self.has(one))) return null;
  return ownWork(made, [{ what: "other approval", people, proven: true }], mode);
}

function placesIn(good: readonly Filled[]): number {
  return good.reduce((sum, { people }) => sum + people.length, 0);
}
