import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runRecorded } from "../../../test/support/recorded-tool.ts";
import { removeTree } from "../../tree/remove-tree.ts";
import { nuclei } from "./index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tl-nuclei-"));
  await mkdir(join(folder, "nuclei", "http"), { recursive: true });
  await writeFile(join(folder, "nuclei", "http", "a.yaml"), "id: a\n");
  vi.stubEnv("TIDELOCK_TOOL_DATA", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await removeTree(folder);
});

const target = "http://127.0.0.1:41234";
const hit = {
  "template-id": "exposed-git",
  info: { name: "Exposed .git", severity: "high", classification: { "cwe-id": ["cwe-538"] } },
  type: "http",
  host: "127.0.0.1:41234",
  "matched-at": `${target}/.git/config?x=1`,
};
const run = (report: string, stderr = '{"requests":"412","errors":"0"}') =>
  runRecorded(
    nuclei,
    {
      name: "nuclei",
      version: "[INF] Nuclei Engine Version: v3.4.10",
      report,
      flag: "-json-export",
      stderr,
    },
    { instances: [target] },
  );

describe("nuclei, in the form that its documentation gives its report", () => {
  it("is pointed at the instance, asks nobody else, and has its hits read", async () => {
    const { report, started, hits } = await run(JSON.stringify([hit]));
    expect(report).toMatchObject({ verdict: "pass", exercised: { requests: 412 } });
    expect(hits).toMatchObject([
      { rule: "exposed-git", severity: "high", cwe: [538], place: { route: "/.git/config" } },
    ]);
    for (const flag of ["-no-interactsh", "-disable-update-check", "-disable-redirects"]) {
      expect(started?.argv).toContain(flag);
    }
    expect(started?.argv).toContain(target);
    expect(report.data?.["nuclei data"]).toMatch(/^20\d\d-/);
  });

  it("proves nothing when it sent nothing, and is an error about another host", async () => {
    expect((await run("[]", "")).report.verdict).toBe("inconclusive");
    const foreign = JSON.stringify([{ ...hit, host: "other.example" }]);
    expect((await run(foreign)).report.verdict).toBe("error");
    expect((await run("")).report.verdict).toBe("error");
  });

  it.each([
    ["a part of its address", { host: "1:4" }],
    ["its name with another port", { host: "127.0.0.1:4123", "matched-at": target }],
    ["a longer name", { host: "127.0.0.1", "matched-at": "http://127.0.0.1.other.example:41234/" }],
    ["its name as a user of another host", { host: "127.0.0.1:41234@other.example:41234" }],
    ["another place than its host", { "matched-at": "http://other.example:41234/" }],
    ["no host at all", { host: undefined, "matched-at": undefined }],
    ["an empty host", { host: "" }],
  ])("is an error about %s", async (_what, changed) => {
    const { report } = await run(JSON.stringify([hit, { ...hit, ...changed }]));
    expect(report).toMatchObject({ verdict: "error" });
    expect(report.summary).toContain("its report is about");
  });

  it.each(["127.0.0.1", "127.0.0.1:41234", target, `${target}/a`])(
    "is about the instance as %s",
    async (host) => {
      expect((await run(JSON.stringify([{ ...hit, host }]))).report.verdict).toBe("pass");
    },
  );

  it("without templates of the owner is an error that says where they belong", async () => {
    vi.stubEnv("TIDELOCK_TOOL_DATA", "/no/such/folder");
    expect((await run("[]")).report.summary).toContain("nuclei has no data to decide by");
  });
});
