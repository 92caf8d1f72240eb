import type { GlassInput, OwedReview } from "../identity/break-glass/given.ts";
import { glassStanding } from "../identity/break-glass/standing.ts";
import { worseThan } from "../identity/approval/worse.ts";
import type { ApprovalBasis } from "../model/approval.ts";
import type { Aside } from "../model/break-glass.ts";
import { neverBroken } from "../model/break-glass.ts";
import type { BrokenGlassMark } from "../model/decision.ts";
import type { GateFacts } from "../model/gate-facts.ts";
import type { Digest } from "../model/primitives.ts";
import type { Verdict } from "../model/verdict.ts";
import { compareText, type Ground, ground } from "./decide.ts";
import { type DemandedCheck, demandDigest, type Judged } from "./evidence.ts";

/*
 * What two people set aside in an emergency. What may be set aside is a closed list: whoever makes a ground says which
 * requirement it is (`breakable`), and one of which nobody says so is never set aside, whoever signs. So neither artifacts and
 * their signatures, isolation and identity, secrets, the ledger, clocks, stopped lines nor bans can be.
 */

/** Which requirement a ground is, so that exactly this one can be set aside. */
export interface AsideNow {
  readonly of: string;
  readonly check?: {
    readonly demand: Digest;
    readonly verdict: Verdict;
    readonly failing: readonly string[] | null;
  };
}

export const glassRule = "break-glass";
export const reviewRule = "break-glass.review";
/** The one requirement that has nothing to do with evidence or people. */
export const windowAside = "window";
export const approvalsAside = "approvals";

/** Beside the grounds: a ground that somebody copies or makes anew is one that nobody sets aside. */
const asides = new WeakMap<Ground, AsideNow>();

/** The same ground, as one that may be set aside. */
export function breakable(said: Ground, aside: AsideNow): Ground {
  if (said.outcome !== "allow") asides.set(said, aside);
  return said;
}

/** Which requirement it is that people may set aside; undefined: nobody may. */
export function asideOf(said: Ground): AsideNow | undefined {
  return said.outcome === "allow" ? undefined : asides.get(said);
}

/** A demanded check that denies, unless it is one that shows what really runs. */
export function breakableCheck(demand: DemandedCheck, said: Ground, judged: Judged): Ground {
  if (neverBroken.has(demand.uses)) return said;
  const { verdict, failing } = judged;
  return breakable(said, {
    of: `check ${demand.name}`,
    check: { demand: demandDigest(demand), verdict, failing },
  });
}

/** Facts that speak of integrity: a rule that reads them is no matter for an emergency. */
const integrity = /\b(?:signedBy|provenance|grades|attestations)\b/;

export function isBreakableRule({ require }: { readonly require: string }): boolean {
  return !integrity.test(require);
}

/** Whether what was signed is what is there now, or worse than it. */
export function covers(signed: Aside, now: AsideNow): boolean {
  if (signed.of !== now.of) return false;
  if (now.check === undefined || signed.check === null) {
    return now.check === undefined && signed.check === null;
  }
  if (signed.check.demand !== now.check.demand) return false;
  if (signed.check.verdict === "any") return true;
  if (signed.check.verdict !== now.check.verdict) return false;
  if (now.check.verdict !== "fail") return true;
  const { failing } = now.check;
  const accepted = signed.check.failing;
  // What nobody could name nobody has signed.
  return failing !== null && accepted !== null && failing.every((one) => accepted.includes(one));
}

interface Context {
  readonly now: string;
  readonly mode: "solo" | "team";
  readonly facts?: Pick<GateFacts, "findings"> | null | undefined;
  /** Admission looks at no findings: the gate does. */
  readonly admission: boolean;
}

export interface WithGlass {
  readonly grounds: readonly Ground[];
  /** Of the decision; null: nothing was set aside. */
  readonly mark: BrokenGlassMark | null;
}

/**
 * The grounds with what people set aside, as long as what they signed counts and nothing is worse. Everything that speaks
 * against it and is not set aside goes on speaking against it. Pure and total.
 */
export function withGlass(
  grounds: readonly Ground[],
  glass: GlassInput | undefined,
  context: Context,
): WithGlass {
  if (glass === undefined) return { grounds, mark: null };
  const { glass: id, expires, reason } = glass.asked;
  const says = (message: string, over = grounds): WithGlass => ({
    grounds: [...over, ground("allow", glassRule, `${id} sets nothing aside: ${message}`)],
    mark: null,
  });
  const standing = glassStanding(glass, context);
  if (!standing.stands) return says(standing.why);
  const onlyTime =
    glass.policy.allowed === "window" || glass.basis.asides.every(({ of }) => of === windowAside);
  const worse = onlyTime || context.admission ? [] : worseFindings(glass, context.facts);
  if (worse.length > 0) return says(`it is worse than what was signed: ${worse.join("; ")}`);
  const exploited = newAndExploited(context.facts);
  const setAside: string[] = [];
  const kept = grounds.map((one): Ground => {
    const aside = asideOf(one);
    if (aside === undefined) return one;
    if (onlyTime && aside.of !== windowAside) return one;
    if (!glass.basis.asides.some((signed) => covers(signed, aside))) return one;
    if (exploited.length > 0 && leansOnEvidence(aside)) {
      const why = `${exploited.join(", ")} is known to be exploited and not live yet, so ${id} does not set it aside`;
      return { ...one, message: `${one.message}; ${why}` };
    }
    setAside.push(aside.of);
    return ground(glassRule, one.rule, `${one.message}; SET ASIDE by ${id}`);
  });
  if (setAside.length === 0) return says("nothing that it may set aside stands in the way", kept);
  const alone = context.mode === "solo" && standing.people.length === 1;
  const own = glass.ownWork.length === 0 ? "" : `; ${glass.ownWork.join("; ")}`;
  const by = standing.people.join(" and ");
  const solo = alone ? " alone: NOBODY ELSE LOOKED (solo mode)" : "";
  const message = `${id} until ${expires}, signed by ${by}${solo}${own}: ${oneLine(reason)}; somebody else has to review it`;
  return {
    grounds: [...kept, ground(glassRule, glassRule, message)],
    mark: {
      glass: id,
      request: glass.asked.request,
      people: [...standing.people],
      alone,
      setAside: [...new Set(setAside)].sort(compareText),
      until: expires,
    },
  };
}

/** Whether the glass covers that nobody has signed: then nobody is asked. */
export function asksNobody(
  glass: GlassInput | undefined,
  context: Pick<Context, "now" | "mode">,
): boolean {
  if (glass === undefined || glass.policy.allowed !== "all") return false;
  return (
    glass.basis.asides.some(({ of }) => of === approvalsAside) &&
    glassStanding(glass, context).stands
  );
}

function leansOnEvidence({ of }: AsideNow): boolean {
  const [kind = ""] = of.split(" ", 1);
  return ![windowAside, approvalsAside, "predecessor", "review"].includes(kind);
}

/** What users would meet anew, and attackers use today. */
function newAndExploited(facts: Context["facts"]): readonly string[] {
  const items = facts?.findings?.items ?? [];
  return items
    .filter((one) => !one.waived && one.new && one.knownExploited === true)
    .map(({ id }) => id)
    .sort(compareText);
}

function worseFindings({ basis }: GlassInput, facts: Context["facts"]): readonly string[] {
  const none = { checks: [] as ApprovalBasis["checks"] };
  return worseThan(
    { ...none, findings: basis.findings },
    { ...none, findings: openFindings(facts) },
  );
}

/** What is open of the release, as it is signed; null: it cannot be known. */
export function openFindings(facts: Context["facts"]): ApprovalBasis["findings"] {
  const items = facts?.findings?.items ?? null;
  if (items === null) return null;
  return items
    .filter(({ waived }) => !waived)
    .map(({ id, severity, rule, knownExploited }) => ({
      id,
      severity,
      rule,
      exploited: knownExploited,
    }))
    .sort((a, b) => compareText(a.id, b.id));
}

/** An owed review stops the next release that goes forward; a return never. */
export function reviewGrounds(
  owed: readonly OwedReview[] | undefined,
  { returning }: { readonly returning: boolean },
): Ground[] {
  return [...(owed ?? [])]
    .sort((a, b) => compareText(a.glass, b.glass))
    .map(({ glass, promotion, usedAt, due }) => {
      const text = `${glass} was broken for ${promotion} at ${usedAt}, and nobody has reviewed it (due ${due})`;
      if (returning) {
        return ground("allow", reviewRule, `${text}; a return of traffic is not held up by it`);
      }
      const how = `tidelock break-glass review ${glass} --outcome justified --words … --key <key>`;
      const said = ground(
        "deny",
        reviewRule,
        `${text}; somebody who did not break it does: ${how}`,
      );
      return breakable(said, { of: `review ${glass}` });
    });
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 400);
}
