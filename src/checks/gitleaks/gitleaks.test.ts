import { describe, expect, it } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, hitsIn } from "../../../test/support/tool-agent.ts";
import { gitleaks } from "./index.ts";

/** Put together here, so that no scanner finds one in this repository. */
const token = ["ghp", "1q2w3e4r5t6y7u8i9o0pA2sD3fG4hJ5kL6zX"].join("_");

describe.skipIf(needsTool("gitleaks").missing)("gitleaks", () => {
  it("notices a token, and keeps its value to itself", async () => {
    const report = await checkTree(gitleaks, { "src/app.js": `const t = "${token}";\n` });
    expect(report.verdict).toBe("pass");
    expect(hitsIn(report)).toEqual(["github-pat src/app.js:1"]);
    expect(report.raw?.text).not.toContain(token.slice(4, 20));
  });

  it("is told nothing by the tree: allow list, ignore list, comments, programs", async () => {
    const report = await checkTree(gitleaks, {
      ".gitleaks.toml": `[extend]\nuseDefault = true\n[allowlist]\npaths = ['''.*''']\n`,
      ".gitleaksignore": "app.js:github-pat:1\n",
      "app.js": `const t = "${token}"; // gitleaks:allow\n`,
      gitleaks: "#!/bin/sh\nexit 0\n",
    });
    expect(hitsIn(report)).toEqual(["github-pat app.js:1"]);
    expect(report.suppressions).toHaveLength(3);
  });

  it("is told nothing by a link in place of its ignore list", async () => {
    const report = await checkTree(gitleaks, {
      ".gitleaksignore": { link: "allow.txt" },
      "allow.txt": "app.js:github-pat:1\n",
      "app.js": `const t = "${token}";\n`,
    });
    expect(hitsIn(report)).toEqual(["github-pat app.js:1"]);
    expect(report.suppressions?.map(({ path }) => path)).toEqual([".gitleaksignore"]);
  });

  it("passes a clean tree, and is inconclusive about one that it passes over", async () => {
    expect((await checkTree(gitleaks, { "a.txt": "hello" })).verdict).toBe("pass");
    expect((await checkTree(gitleaks, { "go.sum": "x" })).verdict).toBe("inconclusive");
  });
});
