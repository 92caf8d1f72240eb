/** Whether somebody is here: keys, rights, tokens and sessions of whoever is not count for nothing. Pure. */

export interface StandingWord {
  readonly version: number;
  readonly state: "active" | "suspended" | "left";
  /** RFC 3339. */
  readonly from: string;
  readonly setAt: string;
}

/** Why nothing of this person counts now, or nothing of what they signed then; null: it does. */
export function whyAbsent(
  words: readonly StandingWord[],
  { now, signedAt }: { readonly now: Date; readonly signedAt: Date | null },
): string | null {
  const gone = words.filter((word) => word.state !== "active" && Date.parse(word.from) <= +now);
  const back = Math.max(
    0,
    ...words.flatMap((word) => (word.state === "active" ? word.version : [])),
  );
  const still = gone.filter(({ version }) => version > back);
  const left = still.find(({ state }) => state === "left");
  if (left) return `this person has left (${left.from})`;
  const [suspended] = still;
  if (suspended) return `this person is suspended since ${suspended.from}`;
  if (signedAt === null) return null;
  const since = gone.find((word) => Date.parse(word.from) >= +signedAt && !takenBack(word, words));
  return since
    ? `this person was ${since.state === "left" ? "gone" : "suspended"} after that (${since.from}), so that it has to be signed anew`
    : null;
}

/** Before its day came. */
function takenBack(word: StandingWord, words: readonly StandingWord[]): boolean {
  return words.some(
    ({ state, version, setAt }) =>
      state === "active" && version > word.version && Date.parse(setAt) <= Date.parse(word.from),
  );
}
