import { canonicalJson } from "../model/canonical.ts";
import type { Decision, Outcome, Reason } from "../model/decision.ts";
import { evaluator } from "./decide.ts";
import { replay } from "./replay.ts";
import { decideUnder, notAskedThen, type Question } from "./under.ts";

/** One past decision, and what it would have been under another policy. */
export type WhatIf =
  | {
      readonly kind: "same" | "reasons" | "outcome";
      /** As it was recorded. */
      readonly was: Outcome;
      readonly wouldBe: Outcome;
      /** Reasons that are there under one policy only. */
      readonly gone: readonly Reason[];
      readonly added: readonly Reason[];
      /** What nobody was asked for then, and is demanded now. */
      readonly notAsked: readonly string[];
      /** Whether it is denied for that alone. */
      readonly onlyNotAsked: boolean;
      /** Made by another version of the rules: what differs is what the policies differ in, under the rules of now. */
      readonly otherRules: boolean;
    }
  | { readonly kind: "unknown"; readonly was: Outcome; readonly problem: string };

/**
 * Makes a past decision twice from its kept inputs, under the policy that it was made under and under another one, so
 * that only what the policies differ in is said to differ.
 *
 * @param text of the inputs as they were kept; null: they are gone
 */
export function whatIf(decision: Decision, text: string | null, question: Question): WhatIf {
  const unknown = (problem: string): WhatIf => {
    return { kind: "unknown", was: decision.outcome, problem };
  };
  if (decision.evaluator === undefined)
    return unknown("it was made by a version that kept no inputs");
  if (text === null) return unknown("its inputs are not kept any more");
  const then = replay(text);
  if (!then.ok) return unknown("its inputs are not those of a decision");
  const before = then.decided.decision;
  const otherRules = decision.evaluator !== evaluator;
  if (!otherRules && before.outcome !== decision.outcome) {
    return unknown("it does not follow from its inputs: see `tidelock gate verify`");
  }
  const under = decideUnder(then.inputs, question);
  if (!under.ok) return unknown(under.problem);
  const after = under.decided.decision;
  const gone = only(before.reasons, after.reasons);
  const added = only(after.reasons, before.reasons);
  const denials = after.reasons.filter(({ outcome }) => outcome !== "allow");
  const kind =
    before.outcome !== after.outcome
      ? "outcome"
      : gone.length + added.length > 0
        ? "reasons"
        : "same";
  return {
    kind,
    was: decision.outcome,
    wouldBe: after.outcome,
    gone,
    added,
    notAsked: under.notAsked,
    onlyNotAsked:
      under.notAsked.length > 0 &&
      kind === "outcome" &&
      denials.every((reason) => isLack(reason, under.notAsked)),
    otherRules,
  };
}

/** A denial for want of what nobody had been asked for, and for nothing else. */
function isLack({ rule, message }: Reason, notAsked: readonly string[]): boolean {
  if (rule === "check.missing") {
    return notAsked.some((what) => what.startsWith("check ") && message.startsWith(`${what}:`));
  }
  if (rule === "predecessor.verified") {
    const [environment = ""] = message.split(" ", 1);
    return notAsked.includes(`that ${environment} verified it first`);
  }
  return rule.startsWith("evidence.") && message === notAskedThen;
}

function only(these: readonly Reason[], those: readonly Reason[]): readonly Reason[] {
  const known = new Set(those.map((reason) => canonicalJson(reason)));
  return these.filter((reason) => !known.has(canonicalJson(reason)));
}

/** What a replay over many decisions came to. All of them are in one of `same`, `reasons`, `differ` and `unknown`. */
export interface WhatIfCounts {
  readonly decisions: number;
  readonly same: number;
  /** The same outcome for other reasons. */
  readonly reasons: number;
  readonly differ: number;
  /** Of those that differ: what was let through and would not have been, and the reverse. */
  readonly stricter: number;
  readonly looser: number;
  /** Of those that differ: for want of evidence alone that nobody had been asked for. */
  readonly notAsked: number;
  /** Of those that differ: under the policy in force now they differ from what was decided already. */
  readonly already: number;
  /** Of all: made by another version of the rules. */
  readonly otherRules: number;
  readonly unknown: number;
  /** Why, each with its count. */
  readonly why: Readonly<Record<string, number>>;
}

const nothing: WhatIfCounts = {
  decisions: 0,
  same: 0,
  reasons: 0,
  differ: 0,
  stricter: 0,
  looser: 0,
  notAsked: 0,
  already: 0,
  otherRules: 0,
  unknown: 0,
  why: {},
};

const openness: readonly Outcome[] = ["deny", "wait", "break-glass", "allow"];

/**
 * Counts one after the other; begin without a first argument.
 *
 * @param now the same decision under the policy that is in force now, where it was asked
 */
export function countWhatIf(
  counts: WhatIfCounts | null,
  one: WhatIf,
  now: WhatIf | null = null,
): WhatIfCounts {
  const so = counts ?? nothing;
  const decisions = so.decisions + 1;
  if (one.kind === "unknown") {
    const why = { ...so.why, [one.problem]: (so.why[one.problem] ?? 0) + 1 };
    return { ...so, decisions, unknown: so.unknown + 1, why };
  }
  const differs = one.kind === "outcome";
  const opens = openness.indexOf(one.wouldBe) - openness.indexOf(one.was);
  return {
    ...so,
    decisions,
    same: so.same + Number(one.kind === "same"),
    reasons: so.reasons + Number(one.kind === "reasons"),
    differ: so.differ + Number(differs),
    stricter: so.stricter + Number(differs && opens < 0),
    looser: so.looser + Number(differs && opens > 0),
    notAsked: so.notAsked + Number(one.onlyNotAsked),
    already: so.already + Number(differs && now?.kind === "outcome"),
    otherRules: so.otherRules + Number(one.otherRules),
  };
}

/** Nothing was decided in that time. */
export const noDecisions: WhatIfCounts = nothing;

/** `12 decisions: 10 the same, …`; in whole words, because it is signed. */
export function whatIfText(counts: WhatIfCounts): string {
  const { decisions, differ, stricter, looser, notAsked, already, unknown } = counts;
  if (decisions === 0) return "nothing was decided in that time";
  const parts = [
    `${differ} of ${decisions} decisions would have differed from what was decided then`,
    ...(differ === 0
      ? []
      : [
          `${stricter} would not have been let through that were, ${looser} would have been that were not`,
        ]),
    ...(already === 0 ? [] : [`of those, ${already} already differ under the policy in force now`]),
    ...(notAsked === 0 ? [] : [`${notAsked} only for evidence that had not been asked for`]),
    ...(unknown === 0 ? [] : [`${unknown} could not be made again`]),
  ];
  return parts.join("; ");
}
