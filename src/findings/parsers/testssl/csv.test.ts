import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { testsslCsv } from "./csv.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/testssl`;
const read = (file: string) => readText(testsslCsv, readFileSync(`${samples}/${file}`, "utf8"));

const header = `"id","fqdn/ip","port","severity","finding","cve","cwe"`;

describe("testssl's CSV", () => {
  it("has one hit a row, with all its CVE numbers", () => {
    const [hit, ...others] = read("many_cves.csv").observations;
    expect(others).toEqual([]);
    expect(hit).toMatchObject({
      rule: "DROWN",
      severity: "high",
      place: { kind: "port", host: "www.defectdojo.org", port: 443 },
      aliases: ["CVE-2016-0800", "CVE-2016-0703"],
      cwe: [310],
    });
  });

  it("has no hits where nothing has a severity", () => {
    expect(read("demo.csv").observations).toEqual([]);
    expect(read("defectdojo_no_vuln.csv")).toMatchObject({ observations: [], complete: false });
  });

  it("is not complete when a target could not be talked to", () => {
    expect(read("failed_target.csv")).toMatchObject({
      observations: [],
      complete: false,
      missing: expect.stringContaining("Can't connect"),
    });
  });

  it("is complete with the grade of every target, which is no hit", () => {
    const row = (host: string, id: string, severity: string) =>
      `"${id}","${host}/192.0.2.1","443","${severity}","x","",""`;
    const whole = [header, row("a", "TLS1", "LOW"), row("a", "overall_grade", "CRITICAL")];
    expect(readText(testsslCsv, whole.join("\n"))).toMatchObject({
      complete: true,
      subject: "a:443",
    });
    expect(readText(testsslCsv, whole.join("\n")).observations).toHaveLength(1);
    expect(readText(testsslCsv, [...whole, row("b", "TLS1", "OK")].join("\r\n"))).toMatchObject({
      complete: false,
      missing: "the end of b:443",
    });
  });

  it("counts a severity that nobody knows as critical", () => {
    const text = `${header}\n"x","a/192.0.2.1","443","WORSE","y","",""`;
    expect(readText(testsslCsv, text).observations[0]).toMatchObject({
      severity: "critical",
      severityStated: false,
    });
  });
});
