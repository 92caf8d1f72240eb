import type { Stride } from "../../model/requirements.ts";

/** One known way to attack software on its way to users. */
export interface Vector {
  readonly id: string;
  readonly title: string;
  readonly stride: readonly Stride[];
  /** What Tidelock does against it by itself. */
  readonly control: string;
  /** Checks that show more, by adapter id. */
  readonly checks: readonly string[];
  readonly source: string;
}

const cicd = (number: number) => `OWASP CICD-SEC-${number}`;
const slsa = (letter: string) => `SLSA v1.0 threat ${letter}`;

/**
 * Attacks on delivery, out of the OWASP Top 10 CI/CD Security Risks and the threats of SLSA v1.0, with what meets them
 * here. Sources: https://owasp.org/www-project-top-10-ci-cd-security-risks/ https://slsa.dev/spec/v1.0/threats
 */
export const vectors: readonly Vector[] = [
  { id: "missing-flow-control", title: "code reaches production without anybody's review or test", stride: ["tampering"], control: "promotions pass gates in order; the floor belongs to the environment's owners", checks: ["manual", "sast"], source: cicd(1) }, // prettier-ignore
  { id: "over-permissive-access", title: "an identity of the pipeline may do more than it needs", stride: ["elevation-of-privilege"], control: "rights are given by name and environment; deny by default", checks: ["dev-tools"], source: cicd(2) }, // prettier-ignore
  { id: "dependency-abuse", title: "a hostile or confused package is built in", stride: ["tampering"], control: "SBOM and advisories are held against every release", checks: ["advisories", "osv-scanner", "licences"], source: cicd(3) }, // prettier-ignore
  { id: "poisoned-pipeline", title: "a change to the pipeline file runs commands of the attacker", stride: ["tampering", "elevation-of-privilege"], control: "promotions use the registered pipeline, never the one that a candidate carries; `risks: pipeline` asks for a review", checks: ["manual"], source: cicd(4) }, // prettier-ignore
  { id: "over-permissive-pipeline", title: "a build step reaches secrets or networks of others", stride: ["information-disclosure"], control: "services and checks run as users of their own; `isolation` is graded", checks: ["isolation"], source: cicd(5) }, // prettier-ignore
  { id: "leaked-credential", title: "a secret lies in code, in an artifact or in a log", stride: ["information-disclosure"], control: "secrets are references; output is redacted", checks: ["secrets", "gitleaks", "secretlint"], source: cicd(6) }, // prettier-ignore
  { id: "insecure-configuration", title: "a host or service of delivery is configured weakly", stride: ["elevation-of-privilege"], control: "`tidelock doctor`", checks: ["lynis", "kube-linter", "checkov", "hadolint"], source: cicd(7) }, // prettier-ignore
  { id: "third-party-access", title: "a service that somebody granted access misuses it", stride: ["elevation-of-privilege"], control: "producers of evidence are named, with their keys", checks: ["manual"], source: cicd(8) }, // prettier-ignore
  { id: "unverified-artifact", title: "what is deployed is not what was built and tested", stride: ["tampering", "spoofing"], control: "releases are digests, read again before each use; `requires` asks for signatures and provenance", checks: ["manifest"], source: cicd(9) }, // prettier-ignore
  { id: "missing-evidence", title: "nobody can tell afterwards who did what", stride: ["repudiation"], control: "an append-only ledger with witnesses that an auditor verifies offline", checks: [], source: cicd(10) }, // prettier-ignore
  { id: "unreviewed-source", title: "a change enters the source without a second person", stride: ["tampering"], control: "nobody answers for own work; `risks` ask for reviews", checks: ["manual"], source: slsa("A") }, // prettier-ignore
  { id: "modified-source", title: "the build takes another source than the reviewed one", stride: ["tampering"], control: "`requires.provenance` names source and builder", checks: [], source: slsa("C") }, // prettier-ignore
  { id: "compromised-build", title: "the builder itself adds something", stride: ["tampering"], control: "`requires.provenance` with a level; two builds can be compared", checks: ["sast", "advisories"], source: slsa("E") }, // prettier-ignore
  { id: "compromised-registry", title: "the store of artifacts hands out other bytes", stride: ["tampering"], control: "content is addressed by digest and verified at admission", checks: [], source: slsa("G") }, // prettier-ignore
  { id: "rolled-back-fix", title: "an attacker brings a known vulnerable version back", stride: ["tampering", "elevation-of-privilege"], control: "a release that is known to be worse is denied, on the way back too", checks: ["advisories", "findings"], source: slsa("H") }, // prettier-ignore
  { id: "exposed-surface", title: "a route, port or header gives away more than it should", stride: ["information-disclosure", "spoofing"], control: "intrusive tests run on the colour that no user sees", checks: ["dast", "ports", "testssl", "api-fuzz"], source: "OWASP ASVS 4.0.3 V14" }, // prettier-ignore
  { id: "exhaustion", title: "load or a fault takes the service from its users", stride: ["denial-of-service"], control: "watch and automatic return", checks: ["load", "chaos"], source: "OWASP ASVS 4.0.3 V11" }, // prettier-ignore
];
