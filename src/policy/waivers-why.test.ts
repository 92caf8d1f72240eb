import { describe, expect, it } from "vitest";
import type { Digest } from "../model/primitives.ts";
import { neverWaived, type Waived, type WaiverPolicy } from "../model/waiver.ts";
import {
  allows,
  type CheckNow,
  endOf,
  type FindingNow,
  holds,
  type SignedWaiver,
  type WaiverSubject,
} from "./waivers.ts";

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const day = (days: number) => new Date(Date.UTC(2026, 0, 1) + days * 86_400_000).toISOString();
const both: WaiverPolicy = { longest: 90 * 86_400_000, allowed: "both" };

const finding: FindingNow = {
  kind: "finding",
  finding: "F-1",
  fingerprints: digest("f"),
  severity: "high",
  knownExploited: null,
};
const check: CheckNow = {
  kind: "check",
  check: "sast",
  uses: "semgrep",
  demand: digest("d"),
  verdict: "fail",
  empty: false,
  failing: ["a"],
};
const ofFinding = {
  kind: "finding" as const,
  finding: "F-1" as const,
  rule: "eval",
  title: "eval of input",
  fingerprints: digest("f"),
  severity: "high" as const,
  knownExploited: null,
};
const ofCheck = {
  kind: "check" as const,
  check: "sast",
  uses: "semgrep",
  demand: digest("d"),
  verdicts: ["fail" as const, "stale" as const],
  failing: ["a", "b"],
};

function signed(of: Waived["of"], change: Partial<Waived> = {}, since = day(0)): SignedWaiver {
  const waived: Waived = {
    waiver: "W-1",
    ledger: "tidelock/test",
    service: "shop",
    environment: "production",
    release: null,
    of,
    reason: "no way around it yet",
    control: "a rule of the firewall",
    owner: "maria",
    until: day(30),
    ...change,
  };
  return { waived, since, people: ["person:1", "person:2"] };
}

const where = (of: FindingNow | CheckNow, change: Partial<WaiverSubject> = {}): WaiverSubject => ({
  service: "shop",
  environment: "production",
  release: digest("a"),
  policy: both,
  of,
  ...change,
});
const held = (until = day(30)) => ({ holds: true, until });
const not = (why: string) => ({ holds: false, why, void: false });
const never = (why: string) => ({ holds: false, why, void: true });

describe("a waiver says why it does not count:", () => {
  it.each<[Partial<WaiverSubject>, string]>([
    [{ service: "mail" }, "it is about shop"],
    [{ environment: "staging" }, "it is about production"],
    [{ policy: null }, "production is not registered any more"],
  ])("in another place (%o)", (change, why) => {
    expect(holds(signed(ofFinding), where(finding, change), day(1))).toEqual(not(why));
  });

  it("for another release", () => {
    const narrow = signed(ofFinding, { release: digest("c") });
    expect(holds(narrow, where(finding), day(1))).toEqual(not("it is about another release"));
  });

  it("where the owners allow none of its kind", () => {
    const policy = { ...both, allowed: "checks" as const };
    expect(holds(signed(ofFinding), where(finding, { policy }), day(1))).toEqual(
      never("the owners of production allow no waivers of findings"),
    );
    const other = { ...both, allowed: "findings" as const };
    expect(holds(signed(ofCheck), where(check, { policy: other }), day(1))).toEqual(
      never("the owners of production allow no waivers of checks"),
    );
  });

  it("from its end on, which is its own or the owners'", () => {
    const waiver = signed(ofFinding);
    expect(holds(waiver, where(finding), day(29.99))).toEqual(held());
    expect(holds(waiver, where(finding), day(30))).toEqual(never(`it ended on ${day(30)}`));
    const policy = { ...both, longest: 10 * 86_400_000 };
    expect(holds(waiver, where(finding, { policy }), day(9.99))).toEqual(held(day(10)));
    expect(holds(waiver, where(finding, { policy }), day(10))).toEqual(
      never(`it ended on ${day(10)}, the longest that production allows`),
    );
  });

  it("before it was signed, and not at that moment", () => {
    const waiver = signed(ofFinding, {}, day(5));
    expect(holds(waiver, where(finding), day(5))).toEqual(held());
    expect(holds(waiver, where(finding), day(4.99))).toEqual(not(`it holds from ${day(5)} on`));
  });

  it.each<[string, FindingNow | CheckNow, object]>([
    ["a check", check, not("it is about F-1")],
    ["another one", { ...finding, finding: "F-2" }, not("it is about F-1")],
    [
      "another place in the code",
      { ...finding, fingerprints: digest("0") },
      never("what makes it this finding has changed since it was signed"),
    ],
    [
      "a graver one",
      { ...finding, severity: "critical" },
      never("it is critical now, and was high when it was signed"),
    ],
    [
      "one that came to be exploited",
      { ...finding, knownExploited: true },
      never("it is known to be exploited, which it was not when it was signed"),
    ],
    ["one of which nobody says so", { ...finding, knownExploited: false }, held()],
    ["the same", finding, held()],
  ])("of a finding, for %s", (_name, now, said) => {
    expect(holds(signed(ofFinding), where(now), day(1))).toEqual(said);
  });

  it.each<[string, FindingNow | CheckNow, object]>([
    ["a finding", finding, not("it is about the check sast")],
    ["another one", { ...check, check: "dast" }, not("it is about the check sast")],
    [
      "another adapter",
      { ...check, uses: "command" },
      not("it is about another configuration of sast"),
    ],
    [
      "another configuration",
      { ...check, demand: digest("e") },
      not("it is about another configuration of sast"),
    ],
    [
      "another verdict",
      { ...check, verdict: "error" },
      not("it does not accept the verdict error"),
    ],
    [
      "a run of nothing",
      { ...check, empty: true },
      not("the run exercised nothing, which it does not accept (inconclusive)"),
    ],
    [
      "more than is known",
      { ...check, failing: null },
      not("more fails than can be compared with what was accepted"),
    ],
    [
      "something else as well",
      { ...check, failing: ["b", "c", "d"] },
      not("something else fails as well: c"),
    ],
    ["less", { ...check, failing: [] }, held()],
    [
      "one that is out of date, whatever fails",
      { ...check, verdict: "stale", failing: null },
      held(),
    ],
  ])("of a check, for %s", (_name, now, said) => {
    expect(holds(signed(ofCheck), where(now), day(1))).toEqual(said);
  });

  it.each([...neverWaived])("of a check that nobody can accept (%s), whatever it says", (uses) => {
    const waiver = signed({ ...ofCheck, uses });
    for (const verdict of ["fail", "stale"] as const) {
      expect(holds(waiver, where({ ...check, uses, verdict }), day(1))).toEqual(
        never(`nobody can accept that ${uses} does not pass`),
      );
    }
  });

  it("of findings as a whole, but for their age", () => {
    const waiver = signed({ ...ofCheck, uses: "findings" });
    const now = { ...check, uses: "findings" };
    expect(holds(waiver, where(now), day(1))).toEqual(never("findings are accepted one by one"));
    expect(holds(waiver, where({ ...now, verdict: "stale" }), day(1))).toEqual(held());
  });
});

describe("what owners allow", () => {
  it.each([
    ["both", true, true],
    ["findings", true, false],
    ["checks", false, true],
    ["none", false, false],
  ] as const)("is %s", (allowed, findings, checks) => {
    expect(allows({ ...both, allowed }, "finding")).toBe(findings);
    expect(allows({ ...both, allowed }, "check")).toBe(checks);
    expect(endOf(signed(ofFinding), { ...both, allowed })).toBe(findings ? day(30) : null);
  });

  it("ends no waiver at a time that is none", () => {
    expect(endOf(signed(ofFinding, {}, "once"), both)).toBeNull();
    expect(endOf(signed(ofFinding, { until: "never" }), both)).toBeNull();
    expect(endOf(signed(ofFinding), null)).toBeNull();
  });
});
