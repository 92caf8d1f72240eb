import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { parseXml } from "../xml.ts";
import { sslscan } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/sslscan`;
const read = (file: string) => readText(sslscan, readFileSync(`${samples}/${file}`, "utf8"));
const rules = (file: string) => read(file).observations.map(({ rule }) => rule);

describe("sslscan", () => {
  it("finds Heartbleed and what ended, and no cipher that was not accepted", () => {
    expect(rules("sslscan_many_vuln.xml")).toEqual(["heartbleed:TLSv1.0", "certificate:expired"]);
    expect(rules("sslscan_no_vuln.xml")).toEqual(["certificate:expired"]);
  });

  it("finds old protocols, anonymous ciphers, short parameters and a weak certificate", () => {
    const found = rules("sslscan_tls1_0_weak_cipher.xml");
    expect(found).toContain("protocol:tls 1.0");
    expect(found).toContain("cipher:TLSv1.2:ADH-AES256-GCM-SHA384");
    expect(found).toContain("weak-dh-parameters");
    expect(found.filter((rule) => rule.startsWith("certificate:"))).toEqual([
      "certificate:self-signed",
      "certificate:weak-signature",
      "certificate:short-key",
    ]);
    expect(new Set(found).size).toBe(found.length);
  });

  it("knows old protocols of versions that list ciphers only", () => {
    const cipher = (version: string, status: string) =>
      `<cipher status="${status}" sslversion="${version}" bits="128" cipher="AES128-SHA"/>`;
    const report = readText(
      sslscan,
      `<document title="SSLScan Results" version="1.8.2"><ssltest host="a" port="443">${cipher("SSLv3", "rejected")}${cipher("TLSv1", "accepted")}</ssltest></document>`,
    );
    expect(report.observations.map(({ rule }) => rule)).toEqual(["protocol:tls 1.0"]);
  });

  it("is not complete without a target that answered", () => {
    expect(read("sslscan_connection_refused.xml")).toMatchObject({
      observations: [],
      complete: false,
      missing: expect.stringContaining("port 14439"),
    });
  });

  it("recognises its own title only", () => {
    const of = (title: string) =>
      sslscan.recognise({
        syntax: "xml",
        root: "document",
        attributes: new Map([["title", title]]),
        children: ["ssltest"],
        outline: parseXml(`<document title="${title}"/>`),
      });
    expect([of("SSLScan Results"), of("A book")]).toEqual([true, false]);
  });
});
