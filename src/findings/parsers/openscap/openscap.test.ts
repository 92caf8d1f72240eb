import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { openscap } from "./index.ts";

const results = (prefix: string) => {
  const p = prefix === "" ? "" : `${prefix}:`;
  const result = (id: string, word: string, severity = "medium") =>
    `<${p}rule-result idref="${id}" severity="${severity}"><${p}result>${word}</${p}result><${p}ident system="http://cve.mitre.org">CVE-2020-0001</${p}ident></${p}rule-result>`;
  return {
    rule: `<${p}Group id="g"><${p}Rule id="xccdf_x_rule_SV-1r2_rule" severity="high"><${p}title>Do <b>this</b></${p}title></${p}Rule></${p}Group>`,
    test: (...words: readonly string[]) =>
      `<${p}TestResult id="t" start-time="2026-01-01T10:00:00Z" end-time="2026-01-01T10:01:00Z" test-system="cpe:/a:redhat:openscap:1.3.5">
        <${p}profile idref="stig"/><${p}target>box</${p}target><${p}target-address>192.0.2.1</${p}target-address>
        ${words.map((word) => result("xccdf_x_rule_SV-1r2_rule", word)).join("")}<${p}score maximum="100">50</${p}score></${p}TestResult>`,
  };
};
const benchmark = (prefix: string, ...words: readonly string[]) => {
  const { rule, test } = results(prefix);
  const name = prefix === "" ? "Benchmark" : `${prefix}:Benchmark`;
  return `<?xml version="1.0"?><${name} xmlns${prefix && `:${prefix}`}="http://checklists.nist.gov/xccdf/1.2">${rule}${test(...words)}</${name}>`;
};
const arf = (...words: readonly string[]) => {
  const { test } = results("");
  const { rule } = results("xccdf-1.2");
  return `<arf:asset-report-collection xmlns:arf="http://scap.nist.gov/schema/asset-reporting-format/1.1"><arf:report-requests><arf:report-request><arf:content><ds:data-stream-collection><ds:component><xccdf-1.2:Benchmark>${rule}</xccdf-1.2:Benchmark></ds:component></ds:data-stream-collection></arf:content></arf:report-request></arf:report-requests><arf:reports><arf:report><arf:content>${test(...words)}</arf:content></arf:report><arf:report><arf:content><oval_results><results><system><definitions><definition id="d"/></definitions></system></results></oval_results></arf:content></arf:report></arf:reports></arf:asset-report-collection>`;
};

describe("OpenSCAP", () => {
  it.each(["", "cdf", "xccdf", "somethingelse"])(
    "reads results with the prefix %j, with what the benchmark says of the rule",
    (prefix) => {
      expect(readText(openscap, benchmark(prefix, "fail", "pass", "notapplicable"))).toMatchObject({
        complete: true,
        subject: "box, stig",
        madeAt: "2026-01-01T10:01:00Z",
        tool: { name: "openscap", version: "1.3.5" },
        exercised: { assertions: 2 },
        observations: [
          {
            rule: "xccdf_x_rule_SV-1",
            severity: "medium",
            title: expect.stringContaining("Do"),
            aliases: ["CVE-2020-0001"],
            place: { kind: "resource", name: "box" },
            kind: "host",
          },
        ],
      });
    },
  );

  it("reads what oscap itself wrote, and its ARF like its results", () => {
    const read = (file: string) =>
      readText(
        openscap,
        readFileSync(
          `${import.meta.dirname}/../../../../test/fixtures/findings/openscap/${file}`,
          "utf8",
        ),
      );
    expect(read("res.xml")).toMatchObject({
      subject: "box, xccdf_test_profile_p",
      complete: false,
      missing: "1 rule was not checked, the first: xccdf_test_rule_nocheck: notchecked",
      exercised: { assertions: 2 },
      observations: [
        { rule: "xccdf_test_rule_fail", severity: "high", title: "There is a nonsense" },
      ],
    });
    expect(read("arf.xml")).toEqual(read("res.xml"));
  });

  it("reads an ARF like the results in it", () => {
    expect(readText(openscap, arf("fail", "pass", "notapplicable"))).toEqual(
      readText(openscap, benchmark("", "fail", "pass", "notapplicable")),
    );
  });

  it.each(["error", "unknown", "notchecked"])("is not complete with a result of %s", (word) => {
    expect(readText(openscap, benchmark("", "pass", word))).toMatchObject({
      observations: [],
      complete: false,
      missing: expect.stringContaining(`1 rule was not checked`),
    });
  });

  it("takes a severity that is unknown as critical, and refuses a benchmark without results", () => {
    const odd = benchmark("", "fail").replaceAll(`severity="medium"`, `severity="unknown"`);
    expect(readText(openscap, odd).observations[0]).toMatchObject({
      severity: "critical",
      severityStated: false,
    });
    expect(() => readText(openscap, `<Benchmark><Rule id="a"/></Benchmark>`)).toThrow("no result");
  });
});
