import { z } from "zod";
import { toolCheck } from "../tool/tool-check.ts";
import { CheckovConfiguration } from "./schema.ts";

const Summary = z.object({
  passed: z.number().default(0),
  failed: z.number().default(0),
  skipped: z.number().default(0),
  parsing_errors: z.number().default(0),
});
const Group = z.union([
  z.object({ summary: Summary }),
  Summary.transform((summary) => ({ summary })),
]);
const Report = z.union([z.array(Group), Group.transform((one) => [one])]);

/** Those that call no other program and fetch nothing. */
const frameworks = [
  "terraform",
  "cloudformation",
  "kubernetes",
  "dockerfile",
  "github_actions",
  "gitlab_ci",
  "ansible",
  "arm",
  "bicep",
  "openapi",
];

/**
 * Infrastructure as code. Settings of the tree are left out; comments and annotations that skip a rule have
 * no switch, and are made harmless in the copy that it scans.
 */
export const checkov = toolCheck({
  id: "checkov",
  schema: CheckovConfiguration,
  touch: "files",
  scans: ["iac"],
  cost: "expensive",
  disturbs: [],
  sensitiveTo: [],
  programs: ["checkov"],
  install: "pipx install checkov",
  proof: { kind: "proven", version: "3.3.30" },
  version: { argv: ["--version"], pattern: /^(\d+\.\d+\.\d+\S*)$/m },
  tree: {
    concerns: /\.(?:tf|bicep)$|(^|\/)[\w.-]*dockerfile[\w.-]*$|\.(?:ya?ml|json|template)$/i,
    content:
      /^\s{0,20}(?:resource|data|module|provider)\s+"|\bapiVersion["']?\s{0,5}:|AWSTemplateFormatVersion|^FROM\s|\b(?:swagger|openapi)["']?\s{0,5}:|deploymentTemplate\.json|^jobs:|^\s{0,5}-?\s{0,5}hosts:|^resource\s/im,
    leaveOut: /(^|\/)\.checkov\.ya?ml$/,
    defuse: /(?:checkov|bridgecrew|cortex):skip|(?:checkov|bridgecrew)\.io\/skip/i,
    asking: {
      names: /(^|\/)\.checkov\.ya?ml$/,
      words: /(?:checkov|bridgecrew|cortex):skip|(?:checkov|bridgecrew)\.io\/skip/i,
    },
  },
  startsIn: "home",
  wholeExits: [0, 1],
  report: { from: "stdout", format: "checkov" },
  network: "none",
  plan: ({ exclude }) => ({
    argv: [
      // As one word: checkov looks for settings in the folder after a `--directory` that stands alone.
      "--directory={tree}",
      "--config-file",
      "{home}/checkov.yaml",
      "--output",
      "json",
      "--quiet",
      "--compact",
      "--skip-download",
      "--framework",
      ...frameworks,
    ],
    files: { "checkov.yaml": "quiet: true\n" },
    // Folders that it passes over by default.
    env: { CKV_IGNORE_HIDDEN_DIRECTORIES: "false", CKV_IGNORED_DIRECTORIES: ".nothing" },
    data: { rules: "checkov's own" },
    exclude,
  }),
  read(report, { concerned }) {
    const all = Report.parse(report).map(({ summary }) => summary);
    const sum = (key: keyof z.infer<typeof Summary>) =>
      all.reduce((total, one) => total + one[key], 0);
    const assertions = sum("passed") + sum("failed") + sum("skipped");
    const bad = sum("parsing_errors");
    return {
      exercised: { assertions, files: assertions === 0 ? 0 : concerned },
      problems: bad === 0 ? [] : [`${bad} files could not be parsed`],
    };
  },
});
