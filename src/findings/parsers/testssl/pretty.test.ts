import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { testsslPretty } from "./pretty.ts";

const report = (more: object) =>
  JSON.stringify({
    Invocation: "testssl --jsonfile-pretty out.json localhost:443",
    at: "host:/usr/bin/openssl",
    version: "3.0.8  from ",
    openssl: "OpenSSL 3.0.22",
    startTime: "1795298800",
    ...more,
  });
const target = {
  targetHost: "localhost",
  ip: "127.0.0.1",
  port: "443",
  rDNS: "--",
  service: "HTTP",
  pretest: [{ id: "pre_128cipher", severity: "INFO", finding: "No 128 cipher limit bug" }],
  protocols: [{ id: "TLS1", severity: "LOW", finding: "offered (deprecated)" }],
  vulnerabilities: [
    {
      id: "LUCKY13",
      severity: "LOW",
      cve: "CVE-2013-0169",
      cwe: "CWE-310",
      finding: "potentially vulnerable",
    },
  ],
  cipherTests: [],
};

describe("testssl's nested JSON", () => {
  it("reads the rows of every section as of their target", () => {
    expect(readText(testsslPretty, report({ scanResult: [target], scanTime: 144 }))).toMatchObject({
      complete: true,
      subject: "localhost:443",
      madeAt: "2026-11-21T22:06:40.000Z",
      tool: { name: "testssl", version: "3.0.8" },
      observations: [
        { rule: "TLS1", severity: "low", place: { kind: "port", host: "localhost", port: 443 } },
        { rule: "LUCKY13", aliases: ["CVE-2013-0169"], cwe: [310] },
      ],
    });
  });

  it("is not complete when a target could not be reached, or when it broke off", () => {
    const problem = { id: "scanProblem", severity: "FATAL", finding: "Can't connect" };
    expect(
      readText(testsslPretty, report({ scanResult: [problem], scanTime: "Scan interrupted" })),
    ).toMatchObject({
      observations: [],
      complete: false,
      missing: expect.stringContaining("Can't connect"),
    });
    const client = { ...problem, id: "parallelProblem" };
    expect(
      readText(
        testsslPretty,
        report({ clientProblem1: [client], scanResult: [target], scanTime: 3 }),
      ).complete,
    ).toBe(false);
    expect(
      readText(testsslPretty, report({ scanResult: [target], scanTime: "Scan interrupted" })),
    ).toMatchObject({ complete: false, missing: "the end of localhost:443" });
  });
});
