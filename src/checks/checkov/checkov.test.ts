import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, ToolAgent, observationsIn } from "../../../test/support/tool-agent.ts";
import { checkov } from "./index.ts";

const pod = (annotations: string) => `apiVersion: v1
kind: Pod
metadata:
  name: shop
  annotations: {${annotations}}
spec:
  containers:
    - name: shop
      image: "shop:1.0.0"
      securityContext: { privileged: true }
`;

describe.skipIf(needsTool("checkov").missing)("checkov", { timeout: 180_000 }, () => {
  it("notices a container that may do everything, whatever the tree says to that", async () => {
    const report = await checkTree(checkov, {
      ".checkov.yaml": "skip-check: [CKV_K8S_16]\ncheck: [CKV_K8S_1]\n",
      ".hidden/pod.yaml": pod('checkov.io/skip1: "CKV_K8S_16=wanted"'),
      "deploy/pod.yaml": `# checkov:skip=CKV_K8S_16:wanted\n${pod("")}`,
      checkov: "#!/bin/sh\nexit 0\n",
    });
    expect(report.verdict).toBe("pass");
    const privileged = observationsIn(report).filter(({ rule }) => rule === "CKV_K8S_16");
    expect(privileged.map(({ suppressed }) => suppressed)).toEqual([false, false]);
    expect(report.suppressions?.map(({ path }) => path).sort()).toEqual([
      ".checkov.yaml",
      ".hidden/pod.yaml",
      "deploy/pod.yaml",
    ]);
  });

  it("runs no code of the tree, and is told nothing, by a link in place of its settings", async () => {
    await using agent = await ToolAgent.with({
      ".checkov.yaml": { link: "notes.txt" },
      "notes.txt": "external-checks-dir: [evil]\nskip-check: [CKV_K8S_16]\n",
      "evil/__init__.py": "",
      "evil/check.py": `open(__import__("os").environ["HOME"] + "/was-run", "w").close()\n`,
      "pod.yaml": pod(""),
    });
    const report = await checkTree(checkov, agent);
    expect(existsSync(join(agent.folder, "home", "was-run"))).toBe(false);
    expect(observationsIn(report).map(({ rule }) => rule)).toContain("CKV_K8S_16");
    expect(report.suppressions?.map(({ path }) => path)).toEqual([".checkov.yaml"]);
  });

  it("is inconclusive without infrastructure", async () => {
    expect((await checkTree(checkov, { "a.yaml": "colour: blue\n" })).verdict).toBe("inconclusive");
  });
});
