import { describe, expect, it } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, hitsIn } from "../../../test/support/tool-agent.ts";
import { rulesFile } from "./rules.ts";
import { semgrep } from "./index.ts";

describe("the rules that come with Tidelock", () => {
  it("are a file that says of each rule what it is", () => {
    const { rules } = JSON.parse(rulesFile()) as { rules: { id: string; message: string }[] };
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  });

  it("are the only ones but for those of the server's owner, named and not given by path", async () => {
    const report = await checkTree(semgrep, { "a.js": "1" }, { rules: ["mine"] });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("no rules called mine");
    expect((await checkTree(semgrep, { "a.js": "1" }, { rules: ["../x"] })).verdict).toBe("error");
  });
});

describe.skipIf(needsTool("semgrep").missing)("semgrep", { timeout: 120_000 }, () => {
  it("notices in four languages what its rules are about", async () => {
    const report = await checkTree(semgrep, {
      "a.js": "export function f(q) { return eval(q); }\n",
      "b.py": "import os\ndef f(x):\n    os.system(x)\n    os.system('ls')\n",
      "c.go":
        'package c\nimport "os/exec"\nfunc f(x string) { exec.Command("sh", "-c", x).Run() }\n',
      "D.java":
        'class D { void f(java.sql.Statement s, String x) throws Exception { s.executeQuery("a" + x); } }\n',
      "e.ts": "const ok: number = 1;\n",
    });
    expect(report.verdict).toBe("pass");
    expect(report.exercised.files).toBe(5);
    expect(hitsIn(report)).toEqual([
      "go-shell c.go:3",
      "java-sql D.java:1",
      "js-eval a.js:1",
      "python-shell b.py:3",
    ]);
  });

  it("is told nothing by the tree: ignore lists, comments, rules, programs", async () => {
    const report = await checkTree(semgrep, {
      ".semgrepignore": "*\n",
      "tests/.semgrepignore": "*\n",
      ".gitignore": "*\n",
      ".semgrep.yml": "rules: []\n",
      "tests/a.js": "eval(x); // nosemgrep: js-eval\n",
      "vendor/app.min.js": "eval(y) // nosem\n",
      semgrep: "#!/bin/sh\nexit 0\n",
    });
    expect(report.verdict).toBe("pass");
    expect(hitsIn(report)).toEqual(["js-eval tests/a.js:1", "js-eval vendor/app.min.js:1"]);
    expect(report.suppressions).toHaveLength(5);
  });
});
