import type { Claim } from "../../model/observation.ts";
import { type About, acceptedIn, acceptedText, type ExportedFinding, isGone } from "./exported.ts";

/** OpenVEX 0.2.0, "Status Justifications". */
const justifications = [
  "component_not_present",
  "vulnerable_code_not_present",
  "vulnerable_code_not_in_execute_path",
  "vulnerable_code_cannot_be_controlled_by_adversary",
  "inline_mitigations_already_exist",
] as const;
export type Justification = (typeof justifications)[number];

/** CycloneDX's word for each of them, and which of OpenVEX's each of CycloneDX's is. */
export const cyclonedxWords: Readonly<Record<Justification, string>> = {
  component_not_present: "code_not_present",
  vulnerable_code_not_present: "code_not_present",
  vulnerable_code_not_in_execute_path: "code_not_reachable",
  vulnerable_code_cannot_be_controlled_by_adversary: "requires_environment",
  inline_mitigations_already_exist: "protected_by_mitigating_control",
};
const fromCyclonedx: ReadonlyMap<string, Justification> = new Map([
  ["code_not_present", "vulnerable_code_not_present"],
  ["code_not_reachable", "vulnerable_code_not_in_execute_path"],
  ["requires_configuration", "vulnerable_code_cannot_be_controlled_by_adversary"],
  ["requires_dependency", "component_not_present"],
  ["requires_environment", "vulnerable_code_cannot_be_controlled_by_adversary"],
  ["protected_by_compiler", "inline_mitigations_already_exist"],
  ["protected_at_runtime", "inline_mitigations_already_exist"],
  ["protected_at_perimeter", "inline_mitigations_already_exist"],
  ["protected_by_mitigating_control", "inline_mitigations_already_exist"],
]);

/** What is said of a finding, in words that both formats of VEX can be made of. */
export type Standing =
  | { readonly state: "triage" | "affected" | "fixing" | "gone" }
  /** It is there, it can do harm, and people have accepted that for a time: nothing that says "not affected". */
  | { readonly state: "accepted"; readonly statement: string }
  | { readonly state: "false-positive"; readonly statement: string }
  | {
      readonly state: "not-affected";
      readonly justification: Justification | null;
      readonly statement: string;
    };

/**
 * Our own life cycle, and statements of trusted issuers where nobody here has gone further. What somebody only calls
 * fixed is still in what is live, so it is affected until a scan of a release says otherwise.
 */
export function standingOf(finding: ExportedFinding, about: About): Standing {
  if (isGone(finding)) return { state: "gone" };
  if (finding.status === "false-positive") {
    const { reason = "", by = "" } = finding.falsePositive ?? {};
    const said = reason === "" ? "Reviewed as a false positive." : reason;
    return { state: "false-positive", statement: by === "" ? said : `${said} (${by})` };
  }
  const { claim } = finding;
  if (claim?.status === "not-affected" || claim?.status === "false-positive") {
    return notAffected(claim);
  }
  const risks = acceptedIn(finding, about);
  if (risks.length > 0) {
    const meanwhile = [...new Set(risks.map(({ control }) => control))].join("; ");
    return { state: "accepted", statement: `${acceptedText(risks)}. Meanwhile: ${meanwhile}` };
  }
  if (finding.status === "open") return { state: "triage" };
  return { state: finding.status === "fixed" ? "fixing" : "affected" };
}

function notAffected({ justification, statement, by }: Claim): Standing {
  const known =
    justifications.find((one) => one === justification) ??
    fromCyclonedx.get(justification ?? "") ??
    null;
  const said = [statement ?? justification ?? "Stated by a trusted issuer.", by && `(${by})`];
  return { state: "not-affected", justification: known, statement: said.filter(Boolean).join(" ") };
}

/** What to do about it; both formats ask for one of what is affected. */
export function actionOf({ place, fixedIn }: ExportedFinding): string {
  if (fixedIn !== null) {
    const what = place.kind === "package" ? place.name : "it";
    return `Update ${what} to ${fixedIn} or later.`;
  }
  return "No repaired version is known; follow the references, or take the affected part out of use.";
}

/** CVE and others, each once, without the name that it goes by. */
export function otherNames({ rule, aliases }: ExportedFinding): readonly string[] {
  return [...new Set(aliases)].filter((alias) => alias !== rule && alias !== "").sort();
}
