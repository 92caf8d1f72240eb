import type { Claim, FindingKind, Severity } from "../../../model/observation.ts";
import { cweIn, type Draft, type DraftPlace } from "../../observe.ts";
import { severityOfWord } from "../severity-words.ts";
import type { AsffFinding, Vulnerability, VulnerablePackage } from "./schema.ts";

/**
 * One hit a vulnerable package, else one a finding, at its first resource by name. A control that PASSED is no hit,
 * and one whose status is NOT_AVAILABLE was not evaluated. An ARCHIVED record, and one that somebody RESOLVED
 * without a check that still FAILED, is stated as fixed; a SUPPRESSED one is a hit that the tool was asked to keep
 * quiet about. Source: AWS Security Hub user guide, "AWS Security Finding Format (ASFF)".
 */
export function draftsOf(finding: AsffFinding): readonly Draft[] {
  const status = finding.Compliance?.Status;
  if (status === "PASSED" || status === "NOT_AVAILABLE") return [];
  const common = commonOf(finding);
  const drafts = (finding.Vulnerabilities ?? []).flatMap((one) =>
    (one.VulnerablePackages ?? []).map((part) => packageDraft(common, finding, one, part)),
  );
  if (drafts.length > 0) return drafts;
  const [vulnerability] = finding.Vulnerabilities ?? [];
  return [{ ...common, ...(vulnerability ? ratingOf(vulnerability) : {}) }];
}

/** The service could not tell whether the control holds. */
export function unknownToTool({ Compliance }: AsffFinding): boolean {
  return Compliance?.Status === "NOT_AVAILABLE";
}

function commonOf(finding: AsffFinding): Draft {
  const resource = resourceOf(finding);
  const url = finding.Remediation?.Recommendation?.Url;
  const claim = claimOf(finding);
  return {
    rule: ruleOf(finding),
    severity: severityOf(finding),
    title: finding.Title ?? undefined,
    message: finding.Description ?? undefined,
    place: { kind: "resource", name: resource },
    scope: resource,
    kind: kindOf(finding.Types?.[0] ?? ""),
    fingerprints: { "asff-id": finding.Id },
    suppressed: finding.Workflow?.Status === "SUPPRESSED",
    references: url ? [url] : [],
    ...(claim === undefined ? {} : { claim }),
  };
}

function packageDraft(
  common: Draft,
  finding: AsffFinding,
  vulnerability: Vulnerability,
  part: VulnerablePackage,
): Draft {
  const name = part.Name ?? "unknown";
  const release = part.Release ? `-${part.Release}` : "";
  const epoch = part.Epoch && part.Epoch !== "0" ? `${part.Epoch}:` : "";
  const place: DraftPlace = {
    kind: "package",
    name,
    version: `${epoch}${part.Version ?? ""}${release}`,
    ...(part.FilePath ? { path: part.FilePath } : {}),
  };
  const fixedIn = part.FixedInVersion;
  return {
    ...common,
    rule: vulnerability.Id ?? common.rule,
    place,
    kind: "dependency",
    ...ratingOf(vulnerability),
    ...(fixedIn && fixedIn !== "NotAvailable" ? { fixedIn } : {}),
    // One finding speaks of many packages; its id alone would make them one.
    fingerprints: {
      "asff-id": [finding.Id, vulnerability.Id ?? "", name, part.FilePath ?? ""].join("#"),
    },
  };
}

const versions = ["2.0", "3.0", "3.1", "4.0"] as const;

function ratingOf(vulnerability: Vulnerability): Partial<Draft> {
  const cvss = (vulnerability.Cvss ?? []).flatMap(({ Version, BaseScore, BaseVector }) => {
    const version = versions.find((one) => one === Version);
    if (version === undefined || BaseScore === null || BaseScore === undefined) return [];
    return [{ version, score: BaseScore, ...(BaseVector ? { vector: BaseVector } : {}) }];
  });
  const id = vulnerability.Id;
  return {
    aliases: [...(id ? [id] : []), ...(vulnerability.RelatedVulnerabilities ?? [])],
    cwe: cweIn(vulnerability.Cwes ?? []),
    ...(cvss.length === 0 ? {} : { cvss }),
    ...(vulnerability.ReferenceUrls ? { references: vulnerability.ReferenceUrls } : {}),
  };
}

/** The control or the generator; a generator of many kinds (Inspector) says less than the finding's first type. */
function ruleOf({ Compliance, ProductFields, GeneratorId, Types, Title }: AsffFinding): string {
  const control = Compliance?.SecurityControlId ?? ProductFields?.["ControlId"];
  if (typeof control === "string" && control !== "") return control;
  return GeneratorId || Types?.[0] || Title || "";
}

/** Sorted: their order changes from one answer to the next. */
function resourceOf({ Resources, AwsAccountId }: AsffFinding): string {
  const names = (Resources ?? []).flatMap(({ Id }) => (Id ? [Id] : [])).sort();
  return names[0] ?? AwsAccountId ?? "unknown";
}

/** `Normalized` is 0 to 100: the scale of the format's severity attribute. */
function severityOf({ Severity: own, FindingProviderFields }: AsffFinding): Severity | null {
  const provider = FindingProviderFields?.Severity;
  const label = own?.Label ?? provider?.Label;
  if (label) return severityOfWord(label);
  const score = own?.Normalized ?? provider?.Normalized;
  if (score === null || score === undefined || !(score >= 0 && score <= 100)) return null;
  if (score >= 90) return "critical";
  if (score >= 70) return "high";
  if (score >= 40) return "medium";
  return score >= 1 ? "low" : "info";
}

function kindOf(type: string): FindingKind {
  if (type.startsWith("Software and Configuration Checks")) return "infrastructure";
  if (/^(TTPs|Effects|Unusual Behaviors)/.test(type)) return "runtime";
  return "infrastructure";
}

function claimOf({ RecordState, Workflow, Compliance }: AsffFinding): Claim | undefined {
  if (RecordState === "ARCHIVED") return { status: "fixed", statement: "the record is archived" };
  if (Workflow?.Status === "RESOLVED" && Compliance?.Status !== "FAILED") {
    return { status: "fixed", statement: "somebody set its workflow to resolved" };
  }
  return undefined;
}
