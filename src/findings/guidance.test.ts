import { describe, expect, test } from "vitest";
import { type Guided, guidanceFor } from "./guidance.ts";

const guided = (more: Partial<Guided> = {}): Guided => ({
  kind: "code",
  rule: "r",
  cwe: [],
  aliases: [],
  references: [],
  ...more,
});

describe("guidance", () => {
  test("names weakness, cheat sheet and practice", () => {
    expect(guidanceFor(guided({ cwe: [89] })).map(({ url }) => url)).toEqual([
      "https://cwe.mitre.org/data/definitions/89.html",
      "https://cheatsheetseries.owasp.org/cheatsheets/SQL_Injection_Prevention_Cheat_Sheet.html",
      "https://cheatsheetseries.owasp.org/cheatsheets/Query_Parameterization_Cheat_Sheet.html",
      expect.stringMatching(/^https:\/\/safecode\.org\//),
    ]);
  });

  test("of a package names the databases that have its vulnerability", () => {
    const links = guidanceFor(
      guided({ kind: "dependency", rule: "GHSA-jfh8-c2jp-5v3q", aliases: ["CVE-2021-44228"] }),
    );
    expect(links.slice(0, 2).map(({ url }) => url)).toEqual([
      "https://github.com/advisories/GHSA-jfh8-c2jp-5v3q",
      "https://nvd.nist.gov/vuln/detail/CVE-2021-44228",
    ]);
  });

  test("marks what the report gives, and takes nothing of it that is no plain web address", () => {
    const links = guidanceFor(
      guided({
        rule: "CVE-2021-1234/../../evil",
        aliases: ["CVE-2021-1234?x=<script>"],
        references: [
          "javascript:alert(1)",
          "data:text/html,x",
          "https://user:pass@bank.example/",
          "//evil.example/x",
          "https://vendor.example/advisory",
          "https://vendor.example/advisory",
        ],
      }),
    );
    expect(links.filter(({ from }) => from === "report")).toEqual([
      { title: "vendor.example", url: "https://vendor.example/advisory", from: "report" },
    ]);
    expect(JSON.stringify(links)).not.toMatch(/evil|script|pass|nvd/);
  });
});
