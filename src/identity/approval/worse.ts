import { type ApprovalBasis, type BasisFinding } from "../../model/approval.ts";
import { isAtLeast } from "../../model/observation.ts";

/**
 * What of the evidence is worse than what was signed, each in a sentence; empty: the signature stands (law 4). Evidence
 * that changes no verdict, or turns one into a pass, and that adds no finding leaves it standing. Pure and total.
 */
export function worseThan(signed: ApprovalBasis, now: ApprovalBasis): readonly string[] {
  return [...worseChecks(signed, now), ...worseFindings(signed, now)];
}

function worseChecks(signed: ApprovalBasis, now: ApprovalBasis): readonly string[] {
  const gone = signed.checks.filter(
    ({ check, verdict }) => verdict !== "pending" && !now.checks.some((one) => one.check === check),
  );
  const worse = now.checks.flatMap(({ check, verdict, accepted }) => {
    // Of two under one name nobody can tell which was meant: the strictest reading counts.
    const was = signed.checks.filter((one) => one.check === check);
    if (verdict === "pass") return [];
    if (was.length === 0) {
      return verdict === "pending" ? [] : [`check ${check} says ${verdict}, and had not run`];
    }
    const same = was.every((one) => one.verdict === verdict && (one.accepted || !accepted));
    if (same) return [];
    const before = was.map((one) => one.verdict).join(", ");
    return [`check ${check} says ${verdict} now, and said ${before}`];
  });
  return [...gone.map(({ check }) => `check ${check} says nothing any more`), ...worse];
}

function worseFindings(signed: ApprovalBasis, now: ApprovalBasis): readonly string[] {
  if (signed.findings === null) return ["what was open of the release was not known"];
  if (now.findings === null) return ["what is open of the release cannot be known any more"];
  const known = new Map<string, readonly BasisFinding[]>();
  for (const one of signed.findings) known.set(one.id, [...(known.get(one.id) ?? []), one]);
  return now.findings.flatMap((finding) => {
    const was = known.get(finding.id);
    if (was === undefined) return [`${finding.id} is new: ${finding.severity}, ${finding.rule}`];
    if (!was.every((one) => isAtLeast(one.severity, finding.severity))) {
      return [`${finding.id} is ${finding.severity} now, and was ${was[0]?.severity ?? "less"}`];
    }
    if (finding.exploited === true && was.some((one) => one.exploited !== true)) {
      return [`${finding.id} is known to be exploited now`];
    }
    return [];
  });
}
