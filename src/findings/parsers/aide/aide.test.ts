import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { aide } from "./index.ts";
import { aideText } from "./text.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/aide`;
const text = (file: string) => readFileSync(`${samples}/${file}`, "utf8");

describe("AIDE", () => {
  it("has as many hits as its own numbers, and the grave ones are those of content and mode", () => {
    const report = readText(aide, text("aide_mixed_add_remove_change.json"));
    expect(report.observations).toHaveLength(9);
    expect(report).toMatchObject({ complete: true, madeAt: "2026-11-21T03:22:40+00:00" });
    const severityOf = (path: string) =>
      report.observations.find(({ place }) => place.kind === "file" && place.path.endsWith(path))
        ?.severity;
    expect(severityOf("bin/tool")).toBe("high");
    expect(severityOf("etc/a.conf")).toBe("high");
    expect(severityOf("root/etc")).toBe("low");
  });

  it("is whole without differences, and not when the report level hides them", () => {
    expect(readText(aide, text("aide_no_change.json"))).toMatchObject({
      observations: [],
      complete: true,
    });
    expect(readText(aide, text("aide_level_minimal.json"))).toMatchObject({
      complete: false,
      missing: expect.stringContaining("report_level"),
    });
    const summary = {
      outline: "AIDE found differences between database and filesystem!!",
      number_of_entries: { total: 9, added: 0, removed: 0, changed: 2 },
    };
    expect(readText(aide, JSON.stringify(summary))).toMatchObject({
      complete: false,
      missing: "its entries: it counts 2 changed and shows 0",
    });
  });

  it("does not take an initialised database for a comparison", () => {
    const outline = "AIDE successfully initialized database.";
    expect(readText(aide, JSON.stringify({ outline })).complete).toBe(false);
  });

  it("reads its text, with the same paths", () => {
    const report = readText(aideText, text("aide_many_vuln.txt"));
    expect(report.observations.map(({ rule, place }) => [rule, place])).toEqual([
      ["added", { kind: "file", path: "watched/d.txt" }],
      ["added", { kind: "file", path: "watched/e.txt" }],
      ["removed", { kind: "file", path: "watched/c.txt" }],
      ["changed", { kind: "file", path: "watched/a.txt" }],
      ["changed", { kind: "file", path: "watched/b.txt" }],
    ]);
    expect(report).toMatchObject({ complete: true, tool: { version: "0.19.1" } });
  });

  it("takes a text that breaks off, or that counts more than it shows, as incomplete", () => {
    const whole = text("aide_many_vuln.txt");
    expect(readText(aideText, whole.slice(0, whole.indexOf("End timestamp")))).toMatchObject({
      complete: false,
      missing: "its end",
    });
    expect(readText(aideText, whole.replace(/^f---.*$/m, ""))).toMatchObject({
      complete: false,
      missing: "its entries: it counts 1 removed and shows 0",
    });
  });

  it("reads the texts of versions 0.15 and 0.16", () => {
    const old = `AIDE 0.15.1 found differences between database and filesystem!!
Start timestamp: 2014-01-01 10:00:00

Summary:
  Total number of files:\t100
  Added files:\t\t1
  Removed files:\t\t0
  Changed files:\t\t1


---------------------------------------------------
Added files:
---------------------------------------------------

added: /etc/new

---------------------------------------------------
Changed files:
---------------------------------------------------

changed: /etc/passwd
`;
    expect(readText(aideText, old)).toMatchObject({
      complete: true,
      observations: [{ rule: "added" }, { rule: "changed", severity: "high" }],
    });
  });
});
