import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { nmap } from "./index.ts";

const scan = (scripts: string, hostscript = "") =>
  readText(
    nmap,
    `<?xml version="1.0"?><nmaprun scanner="nmap" args="nmap -sV 192.0.2.1" start="1700000000" version="7.94"><host><status state="up"/>
     <address addr="192.0.2.1" addrtype="ipv4"/><ports><port protocol="tcp" portid="443"><state state="open"/><service name="https"/>${scripts}</port></ports>
     <hostscript>${hostscript}</hostscript></host><runstats><finished exit="success"/></runstats></nmaprun>`,
  );
const rules = (scripts: string, hostscript?: string) =>
  scan(scripts, hostscript)
    .observations.filter(({ rule }) => rule !== "open-port")
    .map(({ rule, severity }) => [rule, severity]);

const heartbleed = (
  state: string,
) => `<script id="ssl-heartbleed" output="&#xa;  VULNERABLE:&#xa;  Risk factor: High">
  <table key="NMAP-1"><elem key="title">The Heartbleed Bug</elem><elem key="state">${state}</elem>
  <table key="ids"><elem>CVE:CVE-2014-0160</elem></table><table key="description"><elem>It leaks.</elem></table>
  <table key="refs"><elem>https://www.openssl.org/news/secadv_20140407.txt</elem></table></table></script>`;

describe("nmap's scripts", () => {
  it("read as vulnerabilities what they call vulnerable, and nothing else", () => {
    const [, hit, ...others] = scan(heartbleed("VULNERABLE")).observations;
    expect(others).toEqual([]);
    expect(hit).toMatchObject({
      rule: "ssl-heartbleed",
      severity: "high",
      severityStated: true,
      title: "The Heartbleed Bug",
      aliases: ["CVE-2014-0160"],
      references: ["https://www.openssl.org/news/secadv_20140407.txt"],
      place: { kind: "port", port: 443 },
    });
    expect(rules(heartbleed("NOT VULNERABLE"))).toEqual([]);
    expect(rules(`<script id="http-title" output="VULNERABLE web shop"/>`)).toEqual([]);
    expect(rules(`<script id="ssl-drown" output="VULNERABLE&#xa;x"/>`)).toEqual([
      ["ssl-drown", "high"],
    ]);
    expect(rules(`<script id="ssl-poodle" output="NOT VULNERABLE"/>`)).toEqual([]);
  });

  it("are about the machine where they ran for it as a whole", () => {
    const host = `<script id="smb-vuln-ms17-010" output="x"><table key="CVE-2017-0143"><elem key="title">RCE</elem><elem key="state">VULNERABLE</elem></table></script>`;
    expect(scan("", host).observations[1]).toMatchObject({
      rule: "smb-vuln-ms17-010:CVE-2017-0143",
      aliases: ["CVE-2017-0143"],
      kind: "network",
      place: { kind: "resource", name: "192.0.2.1" },
    });
  });

  it("find old protocols, weak ciphers and a certificate that ended", () => {
    const cipher = (grade: string) =>
      `<table><elem key="name">C_${grade}</elem><elem key="strength">${grade}</elem></table>`;
    expect(
      rules(
        `<script id="ssl-enum-ciphers" output=""><table key="TLSv1.0"><table key="ciphers">${cipher("A")}${cipher("F")}</table></table></script>
         <script id="ssl-cert" output=""><table key="validity"><elem key="notBefore">2018-03-13T11:59:45</elem><elem key="notAfter">2019-03-13T11:59:45</elem></table></script>`,
      ),
    ).toEqual([
      ["protocol:TLSv1.0", "low"],
      ["cipher:TLSv1.0:C_F", "high"],
      ["certificate:expired", "medium"],
    ]);
  });

  it("list once what vulscan names for a service", () => {
    expect(
      rules(
        `<script id="vulscan" output="MITRE CVE - https://cve.mitre.org:&#xa;[CVE-2011-3389] BEAST&#xa;[CVE-2011-3389] BEAST&#xa;&#xa;OSVDB:&#xa;[74829] x"/>`,
      ),
    ).toEqual([["CVE-2011-3389", "medium"]]);
  });
});
