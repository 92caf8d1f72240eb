import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { dockerBench } from "./index.ts";
import { dockerBenchLog } from "./log.ts";

const sample = `${import.meta.dirname}/../../../../test/fixtures/findings/docker-bench/docker-bench-report-many-vulns.json`;

const log = `# Docker Bench for Security v1.3.4
#
Initializing Wed Feb 13 09:32:12 UTC 2019


[INFO] 1 - Host Configuration
[INFO] 1.1 - Linux Hosts Specific Configuration
\u001B[1;31m[WARN]\u001B[0m 1.1.1 - Ensure a separate partition for containers has been created (Automated)
[NOTE] 1.2  - Ensure the container host has been Hardened
[PASS] 1.3  - Ensure Docker is up to date
[INFO]      * Using 28.5.1 which is current
[INFO] 1.4  - Ensure only trusted users are allowed to control Docker daemon
[INFO]      * docker:x:999:somebody
[WARN] 2.13 - Ensure a thing (Manual)

Section B - Remediation measures
[INFO] 1.1.1 - You should create a separate partition.

Section C - Score

[INFO] Checks: 5
[INFO] Score: 0
`;

describe("Docker Bench", () => {
  it("finds in a real report as many as its publishers' own test, and no manual ones", () => {
    const report = readText(dockerBench, readFileSync(sample, "utf8"));
    expect(report.observations).toHaveLength(50);
    expect(report).toMatchObject({ complete: true, exercised: { assertions: 117 } });
  });

  it("is not complete without its last counts", () => {
    const report = { dockerbenchsecurity: "1.6.0", start: 1, tests: [] };
    expect(readText(dockerBench, JSON.stringify(report))).toMatchObject({ complete: false });
    const short = { ...report, checks: 117, score: 1, end: 1_659_371_409 };
    expect(readText(dockerBench, JSON.stringify(short))).toMatchObject({
      complete: false,
      missing: "it counts 117 checks and has 0",
    });
  });

  it("reads its log with colours, headings, details and remedies", () => {
    const report = readText(dockerBenchLog, log);
    expect(report.observations.map(({ rule, severity }) => [rule, severity])).toEqual([
      ["1.1.1", "high"],
      ["1.2", "info"],
      ["1.4", "low"],
    ]);
    expect(report.observations[2]?.message).toBe("docker:x:999:somebody");
    expect(report).toMatchObject({
      complete: true,
      tool: { name: "docker-bench-security", version: "1.3.4" },
      exercised: { assertions: 5 },
    });
  });

  it("takes a log that breaks off as incomplete", () => {
    expect(readText(dockerBenchLog, log.slice(0, log.indexOf("Section B")))).toMatchObject({
      complete: false,
      missing: "its end",
    });
  });

  it("recognises a log by its title, and without it by its headings", () => {
    const of = (text: string) =>
      dockerBenchLog.recognise({ syntax: "text", lines: text.split("\n").slice(0, 12) });
    expect(of(log)).toBe(true);
    expect(of(log.slice(log.indexOf("Initializing")))).toBe(true);
    expect(of("[INFO] 1 - something\n[WARN] else")).toBe(false);
  });
});
