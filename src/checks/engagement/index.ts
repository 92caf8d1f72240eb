import type { CheckReport } from "../../model/verdict.ts";
import type { Check, EngagementOnRecord } from "../../ports/check.ts";
import { EngagementConfiguration } from "./schema.ts";

/**
 * Whether people have looked for weaknesses lately, by the signed record of it. What they found is a matter of
 * `findings`; that nobody has looked for too long closes the gate here.
 */
export const engagement: Check<typeof EngagementConfiguration> = {
  id: "engagement",
  schema: EngagementConfiguration,
  touch: "files",
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  purpose: "security",
  judgedBy: "itself",
  async run({ engagements, release }, configuration) {
    const known = (await engagements?.(configuration.kind)) ?? [];
    return judgeEngagements(known, release, configuration, new Date());
  },
};

const day = 86_400_000;

/** Pure. `known`: all of the kind that were recorded of the service, withdrawn ones left out. */
export function judgeEngagements(
  known: readonly EngagementOnRecord[],
  release: string,
  { kind, within, ofThisRelease }: EngagementConfiguration,
  now: Date,
): CheckReport {
  const judged = known.map((one) => ({ one, why: whyNot(one) }));
  const [good] = judged
    .filter(({ why }) => why === null)
    .map(({ one }) => one)
    .toSorted((a, b) => endOf(b) - endOf(a));
  const base = { tools: {}, exercised: { requests: 0, assertions: judged.length, files: 0 } };
  const results = judged.slice(0, 200).map(({ one, why }): CheckReport["results"][number] => ({
    name: `${one.id}: ${kind} by ${one.party}`,
    verdict: why === null ? "pass" : "stale",
    message: why ?? `valid until ${one.validUntil}`,
  }));
  if (good) {
    const summary = `${good.id}: ${kind} by ${good.party}, ended ${good.ended}: ${good.outcome}`;
    const validUntil = new Date(endOf(good)).toISOString();
    return { ...base, verdict: "pass", summary, results, validUntil };
  }
  const [last] = judged;
  return {
    ...base,
    verdict: last ? "fail" : "missing",
    summary: last
      ? `no ${kind} counts any more; of the last one, ${last.one.id}: ${last.why}`
      : `no ${kind} of this service was ever recorded`,
    results,
  };

  /** The last moment at which it counts for this demand. */
  function endOf({ ended, validUntil }: EngagementOnRecord): number {
    return Math.min(startOf(validUntil) + day, startOf(ended) + day + within);
  }

  function whyNot(one: EngagementOnRecord): string | null {
    if (startOf(one.ended) > now.getTime()) return `it ends on ${one.ended}, which has not come`;
    if (startOf(one.validUntil) + day <= now.getTime())
      return `it was valid until ${one.validUntil}`;
    if (endOf(one) <= now.getTime())
      return `it ended on ${one.ended}, longer ago than is asked for`;
    if (ofThisRelease && one.release !== release) return "it was of another release";
    return null;
  }
}

function startOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}
