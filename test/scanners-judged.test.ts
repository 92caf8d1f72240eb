import { describe, expect, it } from "vitest";
import { findCheck } from "../src/checks/registry.ts";
import { runCheck } from "../src/checks/run.ts";
import { judgeReport } from "../src/engine/judging/judge-report.ts";
import type { CheckContext } from "../src/ports/check.ts";
import { treeContext, treeOf } from "./support/tree-context.ts";

/** From a release's files to the verdict that a gate sees, as the engine goes. */
async function verdictOf(id: string, context: CheckContext, configuration: object = {}) {
  const check = findCheck(id);
  const report = await runCheck(check, context, {
    name: id,
    with: { ...configuration },
    timeout: 60_000,
  });
  return judgeReport(report, check.schema.parse(configuration));
}

const flaw = `app.get("/", (req, res) => { eval(req.query.x); });\n`;
const plain = `app.get("/", (req, res) => { res.json({}); });\n`;

describe("a built-in scanner's hits, judged", () => {
  it("fail a release with a flaw, pass one without, and name the worst place", async () => {
    const bad = await verdictOf("sast", await treeContext({ "a.js": flaw }));
    expect(bad).toMatchObject({ verdict: "fail", counts: { critical: 1 } });
    expect(bad.summary).toContain("a.js:1");
    expect((await verdictOf("sast", await treeContext({ "a.js": plain }))).verdict).toBe("pass");
    expect((await verdictOf("sast", await treeContext({}))).verdict).toBe("inconclusive");
  });

  it("judge only what the live release does not have, where the pipeline says so", async () => {
    const live = {
      ...(await treeOf({ "a.js": flaw })),
      release: `sha256:${"c".repeat(64)}`,
      releaseName: "shop@1.0.0",
    };
    const same = await treeContext({ "a.js": `// moved\n${flaw}` }, { live });
    expect((await verdictOf("sast", same)).verdict).toBe("fail");
    expect((await verdictOf("sast", same, { baseline: "live" })).verdict).toBe("pass");
    const more = await treeContext({ "a.js": flaw, "b.js": flaw }, { live });
    expect((await verdictOf("sast", more, { baseline: "live" })).verdict).toBe("fail");
    const first = await treeContext({ "a.js": flaw }, { live: null });
    expect((await verdictOf("sast", first, { baseline: "live" })).verdict).toBe("fail");
  });

  it("warn of one warning in a build's log only when asked to be so mild", async () => {
    const context = await treeContext({ "build.log": "a\nb\nwarning: c\n" });
    expect((await verdictOf("build-log", context)).verdict).toBe("fail");
    expect((await verdictOf("build-log", context, { failOn: "high" })).verdict).toBe("warn");
  });
});
