import { describe, expect, it } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, observationsIn } from "../../../test/support/tool-agent.ts";
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

  it("is inconclusive without infrastructure", async () => {
    expect((await checkTree(checkov, { "a.yaml": "colour: blue\n" })).verdict).toBe("inconclusive");
  });
});
