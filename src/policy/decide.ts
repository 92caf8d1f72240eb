import { canonicalJson, digestOfText } from "../model/canonical.ts";
import { Digest } from "../model/primitives.ts";
import type { BrokenGlassMark, Decision, Grades, Outcome, Reason } from "../model/decision.ts";

/** One reason, and for a `wait` that time alone ends, when. */
export interface Ground extends Reason {
  /** RFC 3339. */
  readonly until?: string;
}

export function ground(outcome: Outcome, rule: string, message: string, until?: string): Ground {
  return { outcome, rule, message, ...(until === undefined ? {} : { until }) };
}

const severity: readonly Outcome[] = ["deny", "wait", "break-glass", "allow"];

/** What no other reason matters beside: said before them. */
export const bannedRule = "release.banned";

function isLesser({ rule }: Ground): number {
  return Number(rule !== bannedRule);
}

/**
 * The version of the rules in this folder. Whatever makes one of them decide otherwise, or word its reasons
 * otherwise, on the same inputs raises it: a verifier of another version then says so, instead of calling an
 * old decision wrong. replay.test.ts pins what this version decides.
 */
export const evaluator = "tidelock-policy/3";

/** A decision, and what it follows from. */
export interface Decided {
  readonly decision: Decision;
  /** Plain data whose digest is `decision.inputs`; `decideAgain` gives the same decision from it. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * A decision is its worst reason; without any reason it is a denial. Reasons come worst first, a ban before
 * all, and then by rule and text, so that the order in which evidence arrived shows nowhere.
 */
export function decide(
  grounds: readonly Ground[],
  grades: Grades,
  inputs: Decided["inputs"],
  mark: BrokenGlassMark | null = null,
): Decided {
  const all = grounds.length > 0 ? grounds : [ground("deny", "none", "no rule spoke for it")];
  const sorted = [...all].sort(
    (a, b) =>
      severity.indexOf(a.outcome) - severity.indexOf(b.outcome) ||
      isLesser(a) - isLesser(b) ||
      compareText(a.rule, b.rule) ||
      compareText(a.message, b.message),
  );
  const outcome = sorted[0]?.outcome ?? "deny";
  const until = outcome === "wait" ? latest(sorted) : null;
  const named = inputs["policy"];
  const policy = named === undefined ? { success: false as const } : Digest.safeParse(named);
  const text = canonicalJson(inputs);
  texts.set(inputs, text);
  const decision = {
    outcome,
    reasons: sorted.map(({ outcome: said, rule, message }) => ({ outcome: said, rule, message })),
    grades,
    inputs: digestOfText(text),
    evaluator,
    ...(policy.success ? { policy: policy.data } : {}),
    ...(until === null ? {} : { until }),
    // What is kept closed by something else goes through nothing.
    ...(mark === null || outcome !== "break-glass" ? {} : { brokenGlass: mark }),
  };
  return { decision, inputs };
}

/** Of whoever keeps the inputs: their digest has just been taken of the same text, and they may be megabytes. */
const texts = new WeakMap<Decided["inputs"], string>();

/** The inputs as their digest was taken of them. */
export function inputsText({ inputs }: Pick<Decided, "inputs">): string {
  return texts.get(inputs) ?? canonicalJson(inputs);
}

/** The moment at which every wait is over, or null when something else than time has to happen. */
function latest(grounds: readonly Ground[]): string | null {
  let last: string | null = null;
  for (const { outcome, until } of grounds) {
    if (outcome !== "wait") continue;
    if (until === undefined) return null;
    if (last === null || Date.parse(until) > Date.parse(last)) last = until;
  }
  return last;
}

/** By code unit: the same on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
