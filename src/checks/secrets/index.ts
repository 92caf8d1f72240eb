import type { Check } from "../../ports/check.ts";
import { runFilesCheck } from "../scanner/files-check.ts";
import type { ScannerFacts } from "../scanner/report.ts";
import { libraryRule, ownRules, rulesVersion } from "./rules.ts";
import { SecretsConfiguration } from "./schema.ts";

/** What secretlint's preset holds; a test compares the list with the library. */
export const libraryRuleNames: readonly string[] = (
  "1password anthropic aws basicauth cloudflare database-connection-string databricks docker figma gcp github gitlab " +
  "grafana groq hashicorp-vault huggingface linear notion npm openai privatekey sendgrid shopify slack stripe " +
  "tailscale vercel"
).split(" ");

export const secretlintVersion = "13.0.7";

const facts: ScannerFacts = {
  id: "secrets",
  version: rulesVersion,
  rules: [...ownRules, ...libraryRuleNames.map(libraryRule)],
  unit: "file",
  libraries: { secretlint: secretlintVersion },
};

/**
 * Looks for secrets in every file of the release, whatever its name and encoding. No value of a secret leaves
 * the scanning process: not in messages, not in fingerprints.
 */
export const secrets: Check<typeof SecretsConfiguration> = {
  id: "secrets",
  schema: SecretsConfiguration,
  touch: "files",
  scans: ["secrets"],
  engine: "secretlint",
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  judgedBy: "observations",
  run: (context, configuration) =>
    runFilesCheck({ facts, beside: import.meta.url }, context, configuration, {}),
};
