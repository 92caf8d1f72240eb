import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { severities } from "../model/observation.ts";
import { priorityOf, type Risk } from "./priority.ts";

const risk = (more: Partial<Risk> = {}): Risk => ({
  severity: "high",
  severityStated: true,
  cvss: [],
  knownExploited: false,
  epss: 0.02,
  reachable: null,
  liveTiers: ["production"],
  exposed: null,
  ...more,
});
const rank = (more: Partial<Risk> = {}, hasCve = true) => priorityOf(risk(more), hasCve).rank;

describe("a priority", () => {
  test("puts what is known to be exploited before everything", () => {
    const some = fc.record({
      severity: fc.constantFrom(...severities),
      epss: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      reachable: fc.option(fc.boolean()),
      exposed: fc.option(fc.boolean()),
      liveTiers: fc.subarray(["production", "staging"] as const),
    });
    fc.assert(
      fc.property(some, some, fc.boolean(), (one, other, hasCve) => {
        const exploited = rank({ ...one, knownExploited: true });
        expect(exploited).toBeGreaterThan(rank({ ...other, knownExploited: false }, hasCve));
        expect(Number.isSafeInteger(exploited)).toBe(true);
      }),
    );
  });

  test("weighs EPSS by where it is live, whether it can be reached, and whether from outside", () => {
    expect(rank({ epss: 0.5 })).toBeGreaterThan(rank({ epss: 0.4 }));
    expect(rank({ epss: 0.5 })).toBeGreaterThan(rank({ epss: 0.5, liveTiers: ["staging"] }));
    expect(rank({ epss: 0.5, liveTiers: ["staging", "production"] })).toBe(rank({ epss: 0.5 }));
    expect(rank({ epss: 0.5, liveTiers: ["development"] })).toBeGreaterThan(rank({ epss: 0.5, liveTiers: [] })); // prettier-ignore
    expect(rank({ epss: 0.5 })).toBeGreaterThan(rank({ epss: 0.5, reachable: false }));
    expect(rank({ epss: 0.5 })).toBeGreaterThan(rank({ epss: 0.5, exposed: false }));
    expect(rank({ epss: 0.5, reachable: null })).toBe(rank({ epss: 0.5, reachable: true }));
  });

  test("takes an unknown EPSS neither for zero nor for the worst", () => {
    expect(rank({ epss: null })).toBeGreaterThan(rank({ epss: 0.01 }));
    expect(rank({ epss: null })).toBeLessThan(rank({ epss: 0.9 }));
    expect(priorityOf(risk({ epss: null }), true).why).toMatch(/^EPSS unknown, counted as 10 %/);
  });

  test("compares severities, and scores only within one severity", () => {
    const v3 = [{ version: "3.1" as const, score: 9.9 }];
    const v4 = [{ version: "4.0" as const, score: 7.1 }];
    expect(rank({ severity: "critical", cvss: v4 })).toBeGreaterThan(rank({ severity: "high", cvss: v3 })); // prettier-ignore
    expect(rank({ cvss: [{ version: "3.1", score: 8.8 }] })).toBeGreaterThan(rank({ cvss: [{ version: "3.1", score: 7.5 }] })); // prettier-ignore
  });

  test("does not put a critical injection behind every library", () => {
    const injection = rank({ severity: "critical", epss: null }, false);
    expect(injection).toBeGreaterThan(rank({ severity: "critical", epss: 0.02 }));
    expect(injection).toBeLessThan(rank({ severity: "high", epss: 0.9 }));
  });

  test("says why, in the order of weight", () => {
    expect(
      priorityOf(
        risk({
          knownExploited: true,
          epss: 0.974,
          reachable: true,
          exposed: true,
          severity: "critical",
          cvss: [
            { version: "3.1", score: 10 },
            { version: "4.0", score: 9.3 },
          ],
        }),
        true,
      ).why,
    ).toBe("known to be exploited; EPSS 97.4 %; live in production; reachable; exposed; critical; CVSS 4.0 9.3"); // prettier-ignore
    expect(priorityOf(risk({ severity: "critical", severityStated: false }), true).why).toContain(
      "critical, as nobody says how grave it is",
    );
  });
});
