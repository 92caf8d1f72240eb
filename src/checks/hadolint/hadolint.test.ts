import { describe, expect, it } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, hitsIn } from "../../../test/support/tool-agent.ts";
import { hadolint } from "./index.ts";

describe.skipIf(needsTool("hadolint").missing)("hadolint", () => {
  it("notices an image without a fixed version, and passes one that has it", async () => {
    const bad = await checkTree(hadolint, { "deploy/Dockerfile": "FROM debian:latest\n" });
    expect(bad.verdict).toBe("pass");
    expect(hitsIn(bad)).toEqual(["DL3007 deploy/Dockerfile:1"]);
    const good = await checkTree(hadolint, { Dockerfile: "FROM debian:12\n" });
    expect(good.verdict).toBe("pass");
    expect(hitsIn(good)).toEqual([]);
  });

  it("is told nothing by the tree: settings, comments, programs", async () => {
    const report = await checkTree(hadolint, {
      ".hadolint.yaml": "ignored: [DL3007]\n",
      Dockerfile: "# hadolint global ignore=DL3007\n# hadolint ignore=DL3007\nFROM debian:latest\n",
      hadolint: "#!/bin/sh\nexit 0\n",
    });
    expect(hitsIn(report)).toEqual(["DL3007 Dockerfile:3"]);
    expect(report.suppressions).toHaveLength(3);
  });

  it("is partial about what is no Dockerfile, and inconclusive without one", async () => {
    expect((await checkTree(hadolint, { Dockerfile: "FRM x\n" })).verdict).toBe("partial");
    expect((await checkTree(hadolint, { "a.txt": "x" })).verdict).toBe("inconclusive");
  });
});
