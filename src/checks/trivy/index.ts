import { z } from "zod";
import { ownerData } from "../tool/owner-data.ts";
import { toolCheck } from "../tool/tool-check.ts";
import { TrivyConfiguration } from "./schema.ts";

const Report = z.object({
  SchemaVersion: z.number(),
  Results: z
    .array(
      z.object({
        Target: z.string(),
        Class: z.string().default(""),
        MisconfSummary: z
          .object({ Successes: z.number().default(0), Failures: z.number().default(0) })
          .nullish(),
      }),
    )
    .nullish(),
});

/**
 * Dockerfiles, Terraform and Kubernetes documents, and secrets beside them, by the rules that are built into the
 * program; packages where the server's owner has a database. It asks nobody. Settings and ignore lists of the
 * tree are left out; its comments have no switch, and are made harmless in the copy that it scans.
 */
export const trivy = toolCheck({
  id: "trivy",
  schema: TrivyConfiguration,
  touch: "files",
  scans: ["iac", "secrets"],
  cost: "moderate",
  disturbs: [],
  sensitiveTo: [],
  programs: ["trivy"],
  install: "apt-get install trivy (from its own package source)",
  proof: { kind: "proven", version: "0.59.1, without a database" },
  version: { argv: ["--version"], pattern: /^Version: (\S+)/m },
  tree: {
    concerns: /(^|\/)(?:[\w.-]{1,100}\.)?dockerfile(?:\.[\w.-]{1,100})?$|\.(?:tf|ya?ml)$/i,
    content:
      /^\s{0,20}(?:resource|data|module|provider)\s+"|^apiVersion\s{0,5}:[^]{0,3000}^kind\s{0,5}:|^kind\s{0,5}:[^]{0,3000}^apiVersion\s{0,5}:|^FROM\s/im,
    leaveOut: /(^|\/)(?:\.trivyignore(?:\.ya?ml)?|trivy\.yaml|trivy-secret\.yaml)$/,
    defuse: /(?:trivy|tfsec):ignore/i,
    asking: {
      names: /(^|\/)(?:\.trivyignore(?:\.ya?ml)?|trivy\.yaml|trivy-secret\.yaml)$/,
      words: /(?:trivy|tfsec):ignore/i,
    },
  },
  startsIn: "home",
  wholeExits: [0],
  report: { from: "file", format: "trivy" },
  network: "none",
  plan({ exclude, vulnerabilities }) {
    const database = vulnerabilities
      ? ownerData(
          "trivy",
          "trivy filesystem --download-db-only --cache-dir $TIDELOCK_TOOL_DATA/trivy",
        )
      : null;
    return {
      argv: [
        "filesystem",
        "--scanners",
        database === null ? "misconfig,secret" : "misconfig,secret,vuln",
        "--misconfig-scanners",
        "dockerfile,terraform,kubernetes",
        "--config",
        "{home}/trivy.yaml",
        "--secret-config",
        "{home}/trivy-secret.yaml",
        "--ignorefile",
        "{home}/ignore-nothing",
        "--offline-scan",
        "--skip-db-update",
        "--skip-java-db-update",
        "--skip-check-update",
        "--no-progress",
        "--cache-dir",
        database === null ? "{home}/cache" : database.folder,
        "--format",
        "json",
        "--output",
        "{report}",
        "{tree}",
      ],
      files: { "trivy.yaml": "{}\n", "trivy-secret.yaml": "{}\n", "ignore-nothing": "" },
      data: { rules: "trivy's own, of this version", ...database?.data },
      exclude,
    };
  },
  read(report, { stderr }) {
    const configs = (Report.parse(report).Results ?? []).filter((one) => one.Class === "config");
    const failed = /(?:ERROR|FATAL|Failed to (?:parse|scan)|parsing failed).{0,200}/.exec(
      stderr,
    )?.[0];
    return {
      exercised: {
        files: new Set(configs.map(({ Target }) => Target)).size,
        assertions: configs.reduce((sum, { MisconfSummary: of }) => {
          return sum + (of?.Successes ?? 0) + (of?.Failures ?? 0);
        }, 0),
      },
      problems: failed === undefined ? [] : [failed],
    };
  },
});
