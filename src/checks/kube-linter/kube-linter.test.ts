import { describe, expect, it } from "vitest";
import { runRecorded } from "../../../test/support/recorded-tool.ts";
import { kubeLinter } from "./index.ts";

const hit = {
  Check: "privileged-container",
  Remediation: "Do not run it as privileged",
  Diagnostic: { Message: 'container "web" is privileged' },
  Object: {
    Metadata: { FilePath: "deploy/pod.yaml" },
    K8sObject: { Namespace: "", Name: "shop", GroupVersionKind: { Kind: "Pod" } },
  },
};
const reportWith = (Reports: unknown[] | null) =>
  JSON.stringify({
    Checks: [{ name: "privileged-container" }],
    Reports,
    Summary: { ChecksStatus: Reports ? "Failed" : "Passed", KubeLinterVersion: "0.7.6" },
  });
const tree = {
  "deploy/pod.yaml":
    "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    ignore-check.kube-linter.io/privileged-container: no\n",
  ".kube-linter.yaml": "checks: {exclude: [privileged-container]}\n",
};
const run = (report: string, exitCode: number) =>
  runRecorded(
    kubeLinter,
    { name: "kube-linter", version: "0.7.6", report, flag: null, exitCode },
    { tree },
  );

describe("kube-linter, in the form that its documentation gives its report", () => {
  it("has its hits read, with settings of ours and neither settings nor annotations of the tree", async () => {
    const { report, started, hits } = await run(reportWith([hit]), 1);
    expect(report).toMatchObject({ verdict: "pass", exercised: { files: 1 } });
    expect(hits).toMatchObject([
      {
        rule: "privileged-container",
        severity: "medium",
        severityStated: false,
        place: { kind: "file", path: "deploy/pod.yaml" },
      },
    ]);
    expect(started?.argv).toContain("--config");
    expect(report.suppressions?.map(({ path }) => path).sort()).toEqual([
      ".kube-linter.yaml",
      "deploy/pod.yaml",
    ]);
  });

  it("passes without hits, and is an error where exit code and report disagree", async () => {
    expect((await run(reportWith(null), 0)).report.verdict).toBe("pass");
    expect((await run(reportWith(null), 1)).report.verdict).toBe("error");
    expect((await run(reportWith([hit]), 0)).report.verdict).toBe("error");
    expect((await run("{}", 0)).report.verdict).toBe("error");
  });
});
