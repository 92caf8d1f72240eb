import { z } from "zod";
import { toolCheck } from "../tool/tool-check.ts";
import { KubeLinterConfiguration } from "./schema.ts";

const Report = z.object({
  Checks: z.array(z.unknown()).min(1),
  Reports: z.array(z.unknown()).nullable(),
  Summary: z.object({ ChecksStatus: z.enum(["Passed", "Failed"]) }),
});

/**
 * Kubernetes documents. Its settings come from us; annotations that ignore a rule have no switch, and are made
 * harmless in the copy that it scans.
 */
export const kubeLinter = toolCheck({
  id: "kube-linter",
  schema: KubeLinterConfiguration,
  touch: "files",
  scans: ["iac"],
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  programs: ["kube-linter"],
  install: "go install golang.stackrox.io/kube-linter/cmd/kube-linter@latest",
  proof: { kind: "unproven", why: "the program could not be had; written from its documentation" },
  version: { argv: ["version"], pattern: /^v?(\d+\.\d+\S*)$/m },
  tree: {
    concerns: /\.ya?ml$/i,
    content: /^apiVersion\s{0,5}:/m,
    leaveOut: /(^|\/)\.kube-linter\.ya?ml$/,
    defuse: /ignore-check\.kube-linter\.io|kube-linter\.io\/ignore/i,
    asking: {
      names: /(^|\/)\.kube-linter\.ya?ml$/,
      words: /ignore-check\.kube-linter\.io|kube-linter\.io\/ignore/i,
    },
  },
  startsIn: "home",
  wholeExits: [0, 1],
  report: { from: "stdout", format: "kube-linter" },
  network: "none",
  plan: ({ exclude }) => ({
    argv: ["lint", "--format", "json", "--config", "{home}/settings.yaml", "--verbose", "{tree}"],
    files: { "settings.yaml": "checks:\n  doNotAutoAddDefaults: false\n" },
    data: { rules: "kube-linter's own defaults" },
    exclude,
  }),
  read(report, { concerned, exitCode, stderr }) {
    const { Reports, Summary } = Report.parse(report);
    const hits = Reports?.length ?? 0;
    const agrees =
      hits > 0 === (exitCode === 1) && hits > 0 === (Summary.ChecksStatus === "Failed");
    const failed = /(?:failed to load|error decoding|no valid objects|invalid).{0,200}/i.exec(
      stderr,
    );
    return {
      exercised: { files: concerned },
      problems: failed === null ? [] : [failed[0]],
      ...(agrees ? {} : { broken: "its exit code and its report contradict each other" }),
    };
  },
});
