import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { zapXml } from "./xml.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/zap`;
const read = (file: string) => readText(zapXml, readFileSync(`${samples}/${file}`, "utf8"));

describe("ZAP's XML", () => {
  it.each([
    ["empty_2.9.0.xml", 0, 0],
    ["some_2.9.0.xml", 7, 17],
    ["zap-xml-plus-format.xml", 1, 1],
    ["zap-results-first-scan.xml", 15, 130],
  ])(
    "has in %s as many alerts as another project counts, and a hit for each place",
    (file, alerts, hits) => {
      const { observations, complete } = read(file);
      expect(new Set(observations.map(({ rule, title }) => `${rule} ${title}`)).size).toBe(alerts);
      expect(observations).toHaveLength(hits);
      expect(complete).toBe(true);
    },
  );

  it("keeps nothing of requests and answers", () => {
    expect(JSON.stringify(read("zap-xml-plus-format.xml"))).not.toMatch(/JSESSIONID|J0O0glaj/);
  });

  it("marks what somebody called a false positive, and is not complete without a site", () => {
    const report = (inner: string) =>
      `<OWASPZAPReport version="2.14.0" created="2024-01-02T03:04:05Z">${inner}</OWASPZAPReport>`;
    const alert = `<alertitem><pluginid>10020</pluginid><name>n</name><riskcode></riskcode><confidence>0</confidence><uri>http://a/b?c=d</uri></alertitem>`;
    expect(
      readText(zapXml, report(`<site name="http://a"><alerts>${alert}</alerts></site>`)),
    ).toMatchObject({
      madeAt: "2024-01-02T03:04:05.000Z",
      subject: "http://a",
      observations: [{ suppressed: true, severity: "critical", place: { route: "/b" } }],
    });
    expect(readText(zapXml, report("")).complete).toBe(false);
  });
});
