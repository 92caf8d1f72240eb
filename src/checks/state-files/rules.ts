import type { SarifRule } from "../sarif.ts";

function rule(id: string, severity: number, title: string, help: string): SarifRule {
  return { id, severity, title, help, cwe: [312, 538] };
}

export const stateFileRules: readonly SarifRule[] = [
  rule(
    "state-in-release",
    8.5,
    "State of an infrastructure tool in the release",
    "It holds every value of every resource, secrets included. Keep it in an encrypted remote store, and replace what was in it.",
  ),
  rule(
    "encrypted-state-in-release",
    3.1,
    "Encrypted state in the release",
    "It is encrypted, and still does not belong here.",
  ),
  rule(
    "state-kept-locally",
    5.3,
    "State is kept in a file beside the code",
    "Use a remote store with encryption, locking and access rights.",
  ),
  rule(
    "state-not-encrypted",
    6.5,
    "State is stored without encryption",
    "Set encrypt = true, or use a store that always encrypts.",
  ),
  rule("state-over-plain-http", 7.5, "State travels unencrypted", "Use https."),
  rule(
    "variables-with-secrets",
    7.5,
    "A secret in a file of variables",
    "Let it come from the environment or a secret store.",
  ),
  rule(
    "kubeconfig",
    8.8,
    "Credentials for a cluster",
    "Take them out, and replace them in the cluster.",
  ),
  rule(
    "kubernetes-secret",
    7.5,
    "A Kubernetes Secret as plain text",
    "base64 is no encryption. Use sealed or external secrets, or SOPS.",
  ),
  rule(
    "vault-not-encrypted",
    8,
    "An Ansible vault that is not encrypted",
    "ansible-vault encrypt it, and replace what was in it.",
  ),
  rule(
    "credentials-file",
    8.5,
    "A tool's credentials file",
    "Take it out, and replace the credentials where they are valid.",
  ),
];
