import { canonicalJson } from "../../model/canonical.ts";
import type { Obligation, Obligations, Proof } from "../../model/requirements.ts";
import type { Verdict } from "../../model/verdict.ts";
import { compareText, type Ground, ground } from "../decide.ts";

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

export interface ObligationInput extends Obligations {
  readonly runs: readonly ShownRun[];
}

/**
 * One reason for each requirement and threat, and one when the threat model is of another attack surface than this. Only
 * a fresh pass of exactly what is asked satisfies; a fail of it stays, whatever is run afterwards.
 */
export function obligationGrounds(
  input: ObligationInput,
  environment: string,
  now: string,
): readonly Ground[] {
  return [
    ...input.asked.map((one) => obligationGround(one, input.runs, environment, now)),
    ...(input.surface === null ? [] : [surfaceGround(input.surface)]),
  ];
}

function obligationGround(
  { kind, id, text, proofs }: Obligation,
  runs: readonly ShownRun[],
  environment: string,
  now: string,
): Ground {
  const missing = proofs.flatMap((proof) => {
    const lacks = lackOf(proof, runs, environment, now);
    return lacks === null ? [] : [lacks];
  });
  const [first] = missing;
  return first === undefined && proofs.length > 0
    ? ground("allow", kind, `${kind} ${id} is met: ${text}`)
    : ground("deny", kind, `${kind} ${id} (${text}): ${first ?? "nothing could show it"}`);
}

/** What of a proof is missing, as a sentence; null when it is there. */
export function lackOf(
  proof: Proof,
  runs: readonly ShownRun[],
  environment: string,
  now: string,
): string | null {
  const places = proof.in ?? [environment];
  for (const place of places) {
    const lack = lackIn(proof, runs, place, now);
    if (lack !== null) return `${nameOf(proof)} in ${place} ${lack}`;
  }
  return null;
}

function lackIn(
  proof: Proof,
  runs: readonly ShownRun[],
  place: string,
  now: string,
): string | null {
  const fitting = runs.filter((run) => run.environment === place && fits(proof, run));
  if (fitting.length === 0) return "has not run for this release";
  if (fitting.some((run) => run.verdict === "fail")) return "has failed";
  // Of several at one moment none speaks for the others.
  const last = Math.max(...fitting.map(time));
  const lacks = fitting
    .filter((run) => time(run) === last)
    .flatMap((run) => lackOfRun(proof, run, now) ?? []);
  // The order in which runs were read shows nowhere.
  return lacks.toSorted(compareText)[0] ?? null;
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

function fits(proof: Proof, run: ShownRun): boolean {
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

function surfaceGround({ reviewed, added, removed }: Obligations["surface"] & object): Ground {
  const differing = [...added.map((line) => `+ ${line}`), ...removed.map((line) => `- ${line}`)];
  if (differing.length === 0) {
    return ground(
      "allow",
      "threat-model",
      `the threat model of ${reviewed} is of this attack surface`,
    );
  }
  const shown = differing.slice(0, 5).join("; ");
  const more = differing.length > 5 ? `; and ${differing.length - 5} more` : "";
  const message = `the threat model of ${reviewed} is of another attack surface (${shown}${more}); answer \`tidelock threat-model review\` and apply the model anew`;
  return ground("deny", "threat-model", message);
}
