import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aheadMs, whyNotInstead } from "../../model/feed.ts";
import { EpssReader } from "./epss.ts";
import { readKev } from "./kev.ts";

const first = "#model_version:v2025.03.14,score_date:2026-11-20T12:55:00+0000";
const header = "cve,epss,percentile";

function epss(...lines: string[]) {
  const reader = new EpssReader();
  const records = lines.map((line) => reader.take(line)).filter((one) => one !== null);
  return { head: reader.head, records };
}

it("KEV: what is no JSON is refused without quoting it", () => {
  expect(() => readKev("password=hunter2")).toThrow(/^KEV: it is not whole JSON$/);
});

describe("EPSS", () => {
  it("is read line by line, with its model and date", () => {
    expect(
      epss(first, header, "CVE-1999-0001,0.01297,0.79118", "CVE-2021-44228,0.94358,1.0\r"),
    ).toEqual({
      head: { asOf: "2026-11-20T12:55:00.000Z", version: "v2025.03.14" },
      records: [
        { cve: "CVE-1999-0001", epss: 0.01297, percentile: 0.79118 },
        { cve: "CVE-2021-44228", epss: 0.94358, percentile: 1 },
      ],
    });
  });

  it.each([
    [["cve,epss,percentile"], "line 1"],
    [[first, "cve,score"], "line 2"],
    [[first, header, "CVE-1999-0001,0.5"], "line 3"],
    [[first, header, "CVE-1999-0001,,0.5"], "line 3"],
    [[first, header, "CVE-1999-0001,1.5,0.5"], "line 3"],
    [[first, header, "CVE-1999-0001,NaN,0.5"], "line 3"],
    [[first, header, "CVE-1999-0001,0.1,0.5,0.2"], "line 3"],
    [[first, header, "=cmd(),0.1,0.5"], "line 3"],
    [[first, header, "CVE-1999-0001,0.1,0.5", "CVE-1999-0001,0.1,0.5"], "line 4"],
    [[first], "line 1"],
  ])("%j is refused, with its line", (lines, where) => {
    expect(() => epss(...lines)).toThrow(where);
  });
});

const kev = (change: object = {}, one: object = {}) =>
  JSON.stringify({
    title: "CISA Catalog of Known Exploited Vulnerabilities",
    catalogVersion: "2026.11.20",
    dateReleased: "2026-11-20T15:00:41.4231Z",
    count: 1,
    vulnerabilities: [
      {
        cveID: "CVE-2021-44228",
        vendorProject: "Apache",
        product: "Log4j2",
        vulnerabilityName: "Apache Log4j2 Remote Code Execution Vulnerability",
        dateAdded: "2021-12-10",
        shortDescription: "…",
        requiredAction: "Apply updates.",
        dueDate: "2021-12-24",
        knownRansomwareCampaignUse: "Known",
        notes: "",
        cwes: ["CWE-20"],
        ...one,
      },
    ],
    ...change,
  });

describe("KEV", () => {
  it("is read with dates and what ransomware does", () => {
    expect(readKev(kev())).toMatchObject({
      head: { asOf: "2026-11-20T15:00:41.423Z", version: "2026.11.20" },
      records: [
        { cve: "CVE-2021-44228", added: "2021-12-10", due: "2021-12-24", ransomware: true },
      ],
    });
  });

  it.each([
    [kev({ count: 2 }), "it says that it holds 2 and holds 1"],
    [kev({}, { cveID: "CVE-1" }), "vulnerabilities.0.cveID"],
    [kev({}, { dateAdded: "yesterday" }), "vulnerabilities.0.dateAdded"],
    [kev({ dateReleased: undefined }), "dateReleased"],
    [kev({ count: 2, vulnerabilities: [1, 2] }), "vulnerabilities.0"],
    ["{", "JSON"],
  ])("%s is refused: %s", (text, why) => {
    expect(() => readKev(text)).toThrow(why);
  });
});

describe("an edition takes another's place", () => {
  const now = new Date("2026-11-21T00:00:00Z");
  const edition = fc.record({
    digest: fc.constantFrom("a", "b"),
    asOf: fc
      .integer({ min: 0, max: 40 })
      .map((days) => new Date(now.getTime() - 20 * 86_400_000 + days * 86_400_000).toISOString()),
    records: fc.integer({ min: 0, max: 5 }),
  });

  it("never when it is older, empty, dated ahead, or emptier without a reason", () => {
    fc.assert(
      fc.property(
        edition,
        edition,
        fc.option(fc.constant("why"), { nil: undefined }),
        (next, current, fewer) => {
          if (whyNotInstead(next, current, { now, fewer }) !== null) return;
          expect(next.records).toBeGreaterThan(0);
          expect(Date.parse(next.asOf)).toBeLessThanOrEqual(now.getTime() + aheadMs);
          if (next.digest === current.digest) return;
          expect(Date.parse(next.asOf)).toBeGreaterThanOrEqual(Date.parse(current.asOf));
          if (fewer === undefined) expect(next.records).toBeGreaterThanOrEqual(current.records);
        },
      ),
    );
  });

  it("never with the same number of others, without a reason", () => {
    const next = { digest: "b", asOf: "2026-11-20T00:00:00.000Z", records: 3 };
    const current = { ...next, digest: "a" };
    const removed = Array.from({ length: 7 }, (_, n) => `CVE-2020-100${n}`);
    expect(whyNotInstead(next, current, { now, removed })).toContain("and 2 more");
    expect(whyNotInstead(next, current, { now, removed, fewer: "withdrawn" })).toBeNull();
  });

  it("when it is newer and no smaller, or when there was none", () => {
    const next = { digest: "b", asOf: "2026-11-20T00:00:00.000Z", records: 3 };
    const current = { digest: "a", asOf: "2026-11-19T00:00:00.000Z", records: 3 };
    expect(whyNotInstead(next, current, { now })).toBeNull();
    expect(whyNotInstead(next, null, { now })).toBeNull();
    expect(whyNotInstead({ ...next, records: 2 }, current, { now })).toContain("2 records");
    expect(
      whyNotInstead({ ...next, records: 2 }, current, { now, fewer: "CISA took one back" }),
    ).toBeNull();
  });
});
