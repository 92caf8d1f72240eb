import { canonicalJson } from "../model/canonical.ts";
import type { WaiverPolicy } from "../model/waiver.ts";
import { compareText, type Ground, ground } from "./decide.ts";
import type { DemandedCheck, Judged, Subject } from "./evidence.ts";
import { demandDigest, exercisedNothing } from "./evidence.ts";
import { type FindingNow, holds, type SignedWaiver } from "./waivers.ts";

/** What a gate knows of accepted risks: those that two people signed for its service here, and what they are about. */
export interface WaiversInput {
  /** By the environment's owners, now; null: it is not registered any more. */
  readonly policy: WaiverPolicy | null;
  readonly signed: readonly SignedWaiver[];
  /** Findings that are waived, as they are now. */
  readonly findings: readonly FindingNow[];
}

interface Place {
  readonly subject: Subject;
  readonly waivers?: WaiversInput | undefined;
  readonly now: string;
}

/** Ids of waivers of findings that hold: evidence that leans on another one is none. */
export function standingWaivers({ subject, waivers, now }: Place): ReadonlySet<string> {
  const standing = new Set<string>();
  for (const waiver of waivers?.signed ?? []) {
    const { of, waiver: id } = waiver.waived;
    const found =
      of.kind === "finding" && waivers?.findings.find(({ finding }) => finding === of.finding);
    if (!found) continue;
    const where = { ...subject, policy: waivers?.policy ?? null, of: found };
    if (holds(waiver, where, now).holds) standing.add(id);
  }
  return standing;
}

/**
 * A check that denies is let through where two people accepted exactly that. Its verdict stays what it is: the reason
 * says it, who accepted it, and until when.
 */
export function waivedGround(
  demand: DemandedCheck,
  { ground: said, verdict, run, failing, besides }: Judged,
  { subject, waivers, now }: Place,
): Ground {
  if (said.outcome !== "deny" || waivers === undefined || verdict === "pass") return said;
  const of = {
    kind: "check" as const,
    check: demand.name,
    uses: demand.uses,
    demand: demandDigest(demand),
    verdict,
    empty: run !== undefined && exercisedNothing(run),
    failing,
  };
  const signed = [...waivers.signed].sort(
    (a, b) =>
      compareText(a.waived.waiver, b.waived.waiver) ||
      compareText(canonicalJson(a), canonicalJson(b)),
  );
  for (const waiver of signed) {
    const held = holds(waiver, { ...subject, policy: waivers.policy, of }, now);
    if (!held.holds) continue;
    // Else a further bad answer, of a kind that is accepted, would open what another keeps closed.
    const all = besides.map((one) => ({ ...subject, policy: waivers.policy, of: { ...of, verdict: one } })); // prettier-ignore
    if (!all.every((one) => holds(waiver, one, now).holds)) continue;
    const { waived, people } = waiver;
    const message = `${said.message}; accepted by ${waived.waiver} until ${held.until}, signed by ${people.join(" and ")}`;
    return ground("allow", waivedRule, message);
  }
  return said;
}

/** Of a check that does not pass and is accepted all the same. */
export const waivedRule = "check.waived";
