import type { GateFacts } from "../model/gate-facts.ts";
import type { Reason } from "../model/decision.ts";
import type { Decided } from "./decide.ts";
import { contradictedRule } from "./flaws.ts";
import { decideGate, gateGrounds, type GateInput } from "./gate.ts";
import type { GatePreset } from "../model/pipeline.ts";

/*
 * A decision of a gate made once more, long after it: over what was known then, made as old as it is now, with what is
 * known besides. What time alone has done to it (evidence that has expired) is not what contradicts it: so it is made
 * twice, without and with what is new, and what only the second one has against it is the contradiction. Both are over
 * plain data, in whatever order that came.
 */

/** What is known now and was not then; what is absent is as it was. */
export type Fresh = Partial<Pick<GateInput, "evidence" | "waivers" | "facts" | "flaws">> & {
  /** Of the facts that are as they were: with flaws that were published since. */
  readonly withFlaws?: (facts: GateFacts) => GateFacts;
};

export interface OnceMore {
  readonly decided: Decided;
  /** What is against it now, and was not by age alone; empty: it stands. */
  readonly contradicted: readonly Reason[];
}

/**
 * @param kept the inputs of the gate by which it went live
 * @param now RFC 3339
 */
export function decideOnceMore(
  preset: GatePreset,
  kept: GateInput,
  fresh: Fresh,
  now: string,
): OnceMore {
  const before = asOld(kept, now);
  const { withFlaws, ...known } = fresh;
  const after = withoutAbsent({
    ...before,
    ...(withFlaws && before.facts ? { facts: withFlaws(before.facts) } : {}),
    ...known,
  });
  const decided = decideGate(preset, after);
  if (decided.decision.outcome === "allow") return { decided, contradicted: [] };
  const against = decided.decision.reasons.filter(
    (one) => isAgainst(one) && one.rule !== "check.stale",
  );
  // Of flaws the grounds of before know nothing: where nothing else is against it, they need not be asked.
  if (against.every(({ rule }) => rule === contradictedRule)) {
    return { decided, contradicted: against };
  }
  const then = new Set(gateGrounds(preset, before).filter(isAgainst).map(keyOf));
  return { decided, contradicted: against.filter((one) => !then.has(keyOf(one))) };
}

/** What is absent has no place in inputs that are kept. */
function withoutAbsent(input: GateInput): GateInput {
  return Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== undefined),
  ) as unknown as GateInput;
}

function isAgainst({ outcome }: Reason): boolean {
  return outcome === "deny";
}

/** Of a rule what it read may stand in its words: which rule it was says enough. */
function keyOf({ rule, message }: Reason): string {
  if (!rule.startsWith("rule.")) return `${rule} ${message}`;
  return message.includes(" of the environment") ? `${rule} floor` : rule;
}

/** What was known then, as old as it is now. When releases may go to users is no question any more. */
function asOld(kept: GateInput, now: string): GateInput {
  const { schedule: _schedule, stops: _stops, underWay: _underWay, flaws: _flaws, ...rest } = kept;
  const facts = kept.facts ? factsAsOld(kept.facts, now) : kept.facts;
  return { ...rest, now, ledger: null, ...(facts === undefined ? {} : { facts }) };
}

function factsAsOld(facts: GateFacts, now: string): GateFacts {
  const passed = Math.floor((Date.parse(now) - Date.parse(facts.now)) / 1_000);
  // A clock that went back makes nothing younger.
  const by = passed > 0 ? passed : 0;
  const older = <T extends { readonly ageSeconds: number }>(one: T): T => {
    return { ...one, ageSeconds: one.ageSeconds + by };
  };
  const { live, findings } = facts;
  return {
    ...facts,
    now,
    release: older(facts.release),
    live:
      !live || live.sinceSeconds === null
        ? live
        : { ...live, sinceSeconds: live.sinceSeconds + by },
    checks: Object.fromEntries(
      Object.entries(facts.checks).map(([name, one]) => [name, older(one)]),
    ),
    findings:
      !findings || findings.items === null
        ? findings
        : { ...findings, items: findings.items.map(older) },
    approvals: facts.approvals.map(older),
    ...(facts.access?.reviewedSecondsAgo === undefined || facts.access.reviewedSecondsAgo === null
      ? {}
      : {
          access: {
            ...facts.access,
            reviewedSecondsAgo: facts.access.reviewedSecondsAgo + by,
          },
        }),
    // Those that have ended since hold no more; of the others so much less is left.
    waivers: facts.waivers.flatMap((one) =>
      one.endsInSeconds > by ? [{ ...one, endsInSeconds: one.endsInSeconds - by }] : [],
    ),
  };
}
