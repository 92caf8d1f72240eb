import { describe, expect, it } from "vitest";
import { needs, needsTool } from "../../../test/support/optional.ts";
import { runRecorded } from "../../../test/support/recorded-tool.ts";
import { checkTree, observationsIn } from "../../../test/support/tool-agent.ts";
import { lynis } from "./index.ts";

const end = "tests_executed=KRNL-5820|FILE-6310|\ntests_skipped=BOOT-5122|\nfinish=true\n";
const recorded = (text: string) =>
  runRecorded(lynis, {
    name: "lynis",
    version: "3.0.8",
    report: `# Lynis Report\nhostname=vm\nlynis_version=3.0.8\n${text}`,
    flag: "--report-file",
  });

describe("lynis' report", () => {
  it("is read as warnings, suggestions and what ended in an exception", async () => {
    const { report, hits } = await recorded(
      `warning[]=NETW-2705|Couldn't find 2 responsive nameservers|-|-|
suggestion[]=KRNL-5820|Disable core dumps|details here|-|
exception_event[]=BOOT-5104:001|Unknown service manager|
${end}`,
    );
    expect(report).toMatchObject({
      verdict: "pass",
      exercised: { assertions: 2 },
      data: { "lynis tests left out": expect.stringMatching(/^1 /) as string },
    });
    expect(hits.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual([
      "NETW-2705 medium",
      "KRNL-5820 low",
      "BOOT-5104:001 low",
    ]);
  });

  it("without its end, or of something else, is an error", async () => {
    const cut = await recorded("warning[]=NETW-2705|x|-|-|\ntests_executed=A|\n");
    expect(cut.report).toMatchObject({ verdict: "error" });
    expect((await recorded(`${end.replace("KRNL-5820|FILE-6310|", "")}`)).report.verdict).toBe(
      "inconclusive",
    );
  });
});

const long = process.env["TIDELOCK_TEST_LONG"] === "1";
describe.skipIf(
  needsTool("lynis").missing ||
    needs(long, "an audit by lynis takes a minute (TIDELOCK_TEST_LONG=1)").missing,
)("lynis", { timeout: 600_000 }, () => {
  it("audits one group of the machine as it is, and says what it left out", async () => {
    const report = await checkTree(
      lynis,
      {},
      { groups: ["kernel", "file_permissions"] },
      { timeout: 500_000 },
    );
    expect(report.summary).toMatch(/^lynis 3\./);
    expect(report.verdict).toBe("pass");
    expect(report.exercised.assertions).toBeGreaterThan(0);
    expect(observationsIn(report).every(({ place }) => place.kind === "resource")).toBe(true);
  });
});
