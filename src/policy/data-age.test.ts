import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CheckReport, Verdict } from "../model/verdict.ts";
import { holdToDataAge } from "./data-age.ts";

const now = new Date("2026-11-21T12:00:00Z");
const day = 24 * 3_600_000;
const by = (data: Record<string, string>, verdict: Verdict = "pass"): CheckReport => ({
  verdict,
  summary: "whole",
  exercised: { requests: 0, assertions: 1, files: 1 },
  tools: {},
  results: [],
  data,
});

describe("the age of the data that a check decides by", () => {
  it("is held against what the demand allows, the oldest first, with both in words", () => {
    const data = {
      "osv npm": "2026-11-20T12:00:00.000Z",
      osv: "sha256:ab of 2026-11-11T12:00:00Z",
    };
    expect(holdToDataAge(by(data), 11 * day, now).verdict).toBe("pass");
    expect(holdToDataAge(by(data), 7 * day, now)).toMatchObject({
      verdict: "inconclusive",
      summary: "its data (osv) are 10.0 days old, at most 7.0 days is allowed: whole",
    });
  });

  it("has to be known, and not from the future", () => {
    expect(holdToDataAge(by({ rules: "its own" }), day, now).summary).toContain("how old");
    expect(holdToDataAge(by({ program: "/opt/2026-11-21/x" }), day, now).verdict).toBe(
      "inconclusive",
    );
    expect(holdToDataAge(by({ db: "2027-01-01" }), day, now).summary).toContain("from the future");
  });

  it("makes nothing better, and nothing else worse, whatever the data say", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Verdict.options),
        fc.dictionary(fc.string(), fc.string()),
        fc.option(fc.nat(), { nil: undefined }),
        (verdict, data, most) => {
          const held = holdToDataAge(by(data, verdict), most, now).verdict;
          const passes = verdict === "pass" || verdict === "warn";
          expect(held === verdict || (passes && held === "inconclusive")).toBe(true);
          if (most === undefined) expect(held).toBe(verdict);
        },
      ),
    );
  });
});
