import { describe, expect, it } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, hitsIn } from "../../../test/support/tool-agent.ts";
import { bandit } from "./index.ts";

const bad = "import subprocess\n\n\ndef run(x):\n    subprocess.call(x, shell=True)\n";

describe.skipIf(needsTool("bandit").missing)("bandit", () => {
  it("notices a command that is handed to a shell", async () => {
    const report = await checkTree(bandit, { "app/run.py": bad, "ok.py": "print(1)\n" });
    expect(report.verdict).toBe("pass");
    expect(report.exercised.files).toBe(2);
    expect(hitsIn(report)).toContain("B602 app/run.py:5");
  });

  it("is told nothing by the tree: comments, settings, names of folders and programs", async () => {
    const report = await checkTree(bandit, {
      ".bandit": "[bandit]\nskips: B602,B404\nexclude: /app,./app\n",
      "app/.bandit": "[bandit]\nskips: B602\n",
      "app/tests/.tox/run.py": bad.replace("True)", "True)  # nosec B602"),
      bandit: "#!/bin/sh\nexit 0\n",
      "setup.cfg": "[bandit]\nskips = B602\n",
    });
    expect(report.verdict).toBe("pass");
    expect(hitsIn(report)).toContain("B602 app/tests/.tox/run.py:5");
    expect(report.suppressions?.map(({ path }) => path).sort()).toEqual([
      ".bandit",
      "app/.bandit",
      "app/tests/.tox/run.py",
    ]);
  });

  it("is partial when a file cannot be parsed, and inconclusive without Python", async () => {
    expect((await checkTree(bandit, { "a.py": "def (:\n", "b.py": "x = 1\n" })).verdict).toBe(
      "partial",
    );
    expect((await checkTree(bandit, { "a.js": "1" })).verdict).toBe("inconclusive");
  });
});
