import { describe, expect, it } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, hitsIn } from "../../../test/support/tool-agent.ts";
import { eslint } from "./index.ts";

describe.skipIf(needsTool("eslint").missing)("eslint", () => {
  it("notices text that is run as a program", async () => {
    const report = await checkTree(eslint, {
      "src/a.js": `setTimeout("alert(1)", 1);\n`,
      "b.cjs": "module.exports = 1;\n",
    });
    expect(report.verdict).toBe("pass");
    expect(report.exercised.files).toBe(2);
    expect(hitsIn(report)).toEqual(["no-implied-eval src/a.js:1"]);
  });

  it("is told nothing by the tree, and runs nothing of it", async () => {
    const report = await checkTree(eslint, {
      "eslint.config.js": `process.exit(0);\nexport default [{ ignores: ["**"] }];\n`,
      ".eslintrc.json": `{"root":true,"rules":{"no-eval":"off"},"plugins":["evil"]}`,
      ".eslintignore": "*",
      "package.json": `{"eslintConfig":{"rules":{"no-eval":0}}}`,
      "dist/a.js": "/* eslint-disable */\neval(x); // eslint-disable-line no-eval\n",
      "node_modules/eslint/package.json": `{"main":"evil.js"}`,
      "node_modules/eslint-plugin-evil/index.js": "process.exit(0)",
    });
    expect(report.verdict).toBe("pass");
    expect(hitsIn(report)).toEqual(["no-eval dist/a.js:2"]);
    expect(report.suppressions?.map(({ path }) => path)).toContain("eslint.config.js");
  });

  it("is partial when a file cannot be parsed, and inconclusive without JavaScript", async () => {
    expect((await checkTree(eslint, { "a.js": "let = ;" })).verdict).toBe("partial");
    expect((await checkTree(eslint, { "a.py": "" })).verdict).toBe("inconclusive");
  });
});
