import type { Verdict } from "../../model/verdict.ts";

/** Ends a scenario with a verdict: thrown by steps, caught by whoever plays it. */
export class Ended extends Error {
  readonly verdict: Exclude<Verdict, "pass" | "warn" | "stale" | "partial">;

  constructor(verdict: Ended["verdict"], message: string) {
    super(message);
    this.verdict = verdict;
  }
}

/** What was expected is not so. */
export function unmet(message: string): never {
  throw new Ended("fail", message);
}

/** Nothing can be said about the release: something to look at is not there. */
export function broken(message: string): never {
  throw new Ended("error", message);
}

/** Nothing was shown, because the demand does not say enough. */
export function unproven(message: string): never {
  throw new Ended("inconclusive", message);
}
