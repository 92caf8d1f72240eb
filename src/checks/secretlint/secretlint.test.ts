import { describe, expect, it } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, hitsIn } from "../../../test/support/tool-agent.ts";
import { secretlint } from "./index.ts";

// Put together here, so that no scanner of ours takes it for one.
const token = ["xoxb", "23984754863", "2348975623103", "Ab3dEf6hIj8kLm0pQr2sTu4v"].join("-");

describe.skipIf(needsTool("secretlint").missing)("secretlint", { timeout: 60_000 }, () => {
  it("notices a secret, never shows it, and passes a clean release", async () => {
    const bad = await checkTree(secretlint, {
      "src/a.js": `\nconst t = "${token}";\n`,
      ".env": "",
    });
    expect(bad).toMatchObject({ verdict: "pass", exercised: { files: 2 } });
    expect(hitsIn(bad)).toEqual(["slack:SLACK_TOKEN src/a.js:2"]);
    expect(JSON.stringify(bad)).not.toContain(token);
    const good = await checkTree(secretlint, { "src/a.js": "const t = 1;\n" });
    expect(good.verdict).toBe("pass");
    expect(hitsIn(good)).toEqual([]);
  });

  it("is told nothing by the tree: settings, ignore lists, comments, modules, programs", async () => {
    const planted = "throw new Error('planted')";
    const preset = "node_modules/@secretlint/secretlint-rule-preset-recommend";
    const report = await checkTree(
      secretlint,
      {
        ".secretlintrc.json": '{"rules":[]}',
        ".secretlintignore": "**\n",
        ".gitignore": "*\n",
        "package.json": '{"secretlint":{"rules":[]}}',
        [`${preset}/package.json`]: '{"main":"index.js"}',
        [`${preset}/index.js`]: planted,
        "src/a [1].js": `/* secretlint-disable */\nconst t = "${token}";\n`,
        secretlint: "#!/bin/sh\nexit 0\n",
      },
      { exclude: ["node_modules"] },
    );
    expect(report.verdict).toBe("pass");
    expect(hitsIn(report)).toEqual(["slack:SLACK_TOKEN src/a [1].js:2"]);
    expect(report.suppressions?.map(({ path }) => path).sort()).toEqual([
      ".secretlintignore",
      ".secretlintrc.json",
      "src/a [1].js",
    ]);
  });

  it("is inconclusive about nothing", async () => {
    expect((await checkTree(secretlint, {})).verdict).toBe("inconclusive");
  });
});
