import { canonicalJson } from "../../model/canonical.ts";
import type { Obligation, Proof } from "../../model/requirements.ts";
import type { Verdict } from "../../model/verdict.ts";
import { compareText } from "../decide.ts";

/** What runs show of a requirement or a threat. Pure: the gate, its explanation and the report all ask here. */

/** One finished, signed run of a check about the release, wherever it was. */
export interface ShownRun {
  readonly environment: string;
  readonly check: string;
  readonly uses: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly verdict: Verdict;
  /** Whether it exercised anything. */
  readonly exercised: boolean;
  /** RFC 3339. */
  readonly at: string;
  readonly expiresAt: string | null;
}

/**
 * `fail`: a run of it has failed, and that stays. `not-run`: nothing counts, whether there was no run at all or only
 * ones that show nothing (too old, inconclusive, errored, a warning, nothing exercised).
 */
export type ShownState = "pass" | "fail" | "not-run";

/** One proof in one place. */
export interface ShownProof {
  /** `a check by http with path as required in staging`. */
  readonly name: string;
  readonly environment: string;
  readonly proof: Proof;
  readonly state: ShownState;
  /** What is missing, as the end of a sentence; null: nothing. */
  readonly lack: string | null;
  /** The run that decided; null: there is none. */
  readonly run: ShownRun | null;
}

/** One answer for each place of each proof, in the order of the document. */
export function proofsOf(
  { proofs }: Pick<Obligation, "proofs">,
  runs: readonly ShownRun[],
  environment: string,
  now: string,
): readonly ShownProof[] {
  return proofs.flatMap((proof) =>
    (proof.in?.length ? proof.in : [environment]).map((place) => ({
      name: `${nameOf(proof)} in ${place}`,
      environment: place,
      proof,
      ...shownIn(proof, runs, place, now),
    })),
  );
}

/** The whole requirement: a fail anywhere is one, and one that asks for nothing shows nothing. */
export function stateOf(proofs: readonly ShownProof[]): ShownState {
  if (proofs.some(({ state }) => state === "fail")) return "fail";
  return proofs.length > 0 && proofs.every(({ state }) => state === "pass") ? "pass" : "not-run";
}

function shownIn(
  proof: Proof,
  runs: readonly ShownRun[],
  place: string,
  now: string,
): Pick<ShownProof, "state" | "lack" | "run"> {
  const fitting = runs.filter((run) => run.environment === place && fits(proof, run));
  if (fitting.length === 0) {
    return { state: "not-run", lack: "has not run for this release", run: null };
  }
  const failed = fitting.find((run) => run.verdict === "fail");
  if (failed) return { state: "fail", lack: "has failed", run: failed };
  // Of several at one moment none speaks for the others.
  const last = Math.max(...fitting.map(time));
  const newest = fitting
    .filter((run) => time(run) === last)
    .map((run) => ({ run, lack: lackOfRun(proof, run, now) }));
  // The order in which runs were read shows nowhere.
  const [worst] = newest
    .flatMap(({ run, lack }) => (lack === null ? [] : [{ run, lack }]))
    .toSorted((a, b) => compareText(a.lack, b.lack));
  if (worst) return { state: "not-run", lack: worst.lack, run: worst.run };
  return { state: "pass", lack: null, run: newest[0]?.run ?? null };
}

function lackOfRun({ maxAge }: Proof, run: ShownRun, now: string): string | null {
  if (run.verdict !== "pass") return `is ${run.verdict}`;
  if (!run.exercised) return "passed and has exercised nothing";
  // Written so that an unreadable time (NaN) never shows anything.
  const [at, moment] = [Date.parse(run.at), Date.parse(now)];
  const until = maxAge === undefined ? Infinity : at + maxAge;
  const expires = run.expiresAt === null ? Infinity : Date.parse(run.expiresAt);
  return at <= moment && until > moment && expires > moment ? null : "passed too long ago";
}

/** Whether a check of this kind would be looked at for a proof. */
export function fits(proof: Proof, run: Pick<ShownRun, "uses" | "check" | "with">): boolean {
  if (proof.uses !== run.uses) return false;
  if (proof.name !== undefined && proof.name !== run.check) return false;
  return Object.entries(proof.with).every(
    ([key, value]) =>
      Object.hasOwn(run.with, key) && canonicalJson(run.with[key] ?? null) === canonicalJson(value ?? null), // prettier-ignore
  );
}

/** An unreadable time counts as newest, and shows nothing. */
function time({ at }: ShownRun): number {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? Number.MAX_SAFE_INTEGER : ms;
}

function nameOf({ uses, name, with: least }: Proof): string {
  const keys = Object.keys(least);
  const told = keys.length === 0 ? "" : ` with ${keys.join(", ")} as required`;
  return `a check ${name === undefined ? "" : `${name} `}by ${uses}${told}`;
}
