import { describe, expect, it, vi } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, hitsIn } from "../../../test/support/tool-agent.ts";
import { trivy } from "./index.ts";

const pod = (privileged: boolean, more = "") => `apiVersion: v1
kind: Pod
metadata:
  name: shop
${more}spec:
  containers:
    - name: web
      image: shop:1
      securityContext: { privileged: ${privileged} }
`;
const token = ["ghp", "0123456789abcdefghijABCDEFGHIJ012345"].join("_");

it("trivy without a database that was asked for is an error that says where one belongs", async () => {
  vi.stubEnv("TIDELOCK_TOOL_DATA", "/no/such/folder");
  const report = await checkTree(trivy, { Dockerfile: "FROM a:1\n" }, { vulnerabilities: true });
  vi.unstubAllEnvs();
  expect(report.verdict).toBe("error");
  expect(report.summary).toContain("has no data to decide by");
});

describe.skipIf(needsTool("trivy").missing)("trivy", { timeout: 180_000 }, () => {
  it("notices a privileged container and a secret, and not where there is none", async () => {
    const bad = await checkTree(trivy, {
      "deploy/pod.yaml": pod(true),
      "deploy/token.cfg": `token = "${token}"\n`,
      Dockerfile: "FROM debian:latest\nUSER root\n",
    });
    expect(bad).toMatchObject({ verdict: "pass", exercised: { files: 2 } });
    expect(hitsIn(bad)).toContain("github-pat deploy/token.cfg:1");
    expect(hitsIn(bad).join("\n")).toMatch(/KSV017 deploy\/pod\.yaml:\d+/);
    expect(JSON.stringify(bad)).not.toContain(token);
    const good = await checkTree(trivy, { "deploy/pod.yaml": pod(false) });
    expect(good.verdict).toBe("pass");
    expect(hitsIn(good).join("\n")).not.toContain("KSV017");
  });

  it("is told nothing by the tree: settings, ignore lists, comments, programs", async () => {
    const report = await checkTree(trivy, {
      ".trivyignore": "KSV017\nKSV-0017\nAVD-KSV-0017\n",
      "trivy.yaml": "severity: [CRITICAL]\n",
      "trivy-secret.yaml": "allow-rules: [{id: all, regex: '.*'}]\n",
      "pod.yaml": `# trivy:ignore:KSV017\n${pod(true)}`,
      "token.cfg": `token = "${token}" # trivy:ignore:github-pat\n`,
      trivy: "#!/bin/sh\nexit 0\n",
    });
    expect(report.verdict).toBe("pass");
    expect(hitsIn(report).join("\n")).toMatch(/KSV017/);
    expect(hitsIn(report)).toContain("github-pat token.cfg:1");
    expect(report.suppressions?.map(({ path }) => path).sort()).toEqual([
      ".trivyignore",
      "pod.yaml",
      "token.cfg",
      "trivy-secret.yaml",
      "trivy.yaml",
    ]);
  });

  it("is no pass about what it cannot read", async () => {
    const report = await checkTree(trivy, { "main.tf": 'resource "a" "b" { unclosed = "' });
    expect(report.verdict).not.toBe("pass");
  });
});
