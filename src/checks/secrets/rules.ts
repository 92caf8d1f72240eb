import type { SarifRule } from "../sarif.ts";

export const rulesVersion = "1.0.0";

/** CWE-798 hard-coded credentials, CWE-312 cleartext storage. */
const cwe = [798, 312];
const help =
  "Whoever can read the release has this secret, and so has everybody who ever could. Replace it where it is valid, then let the service get the new one from its environment or secret store when it starts.";

function rule(id: string, title: string, severity: number): SarifRule {
  return { id, title, help, severity, cwe };
}

export const ownRules: readonly SarifRule[] = [
  rule("aws-access-key-id", "AWS access key id", 8.5),
  rule("aws-secret-access-key", "AWS secret access key", 9),
  rule("private-key", "Private key", 9),
  rule("jwt", "JSON Web Token", 5),
  rule("google-api-key", "Google API key", 7.5),
  rule("azure-storage-key", "Azure storage account key", 9),
  rule("slack-webhook", "Slack webhook", 7),
  rule("npm-token", "Credential of a package registry", 8.5),
  rule("connection-string", "Password in an address", 8),
  rule("hardcoded-credential", "Hard-coded credential", 7),
];

/** The library's rules by their name behind `secretlint-rule-`. */
export function libraryRule(name: string): SarifRule {
  return rule(`secretlint/${name}`, `Secret of the kind ${name}`, 8.5);
}
