import { describe, expect, it } from "vitest";
import { type DemandedCheck, demandDigest, type Evidence } from "./evidence.ts";
import { flawGrounds, type FlawsInput, type KnownFlaw } from "./flaws.ts";

const now = "2026-01-01T12:00:00.000Z";
const subject = {
  service: "shop",
  environment: "production",
  release: `sha256:${"a".repeat(64)}`,
  configuration: `sha256:${"b".repeat(64)}`,
  colour: "green",
} as const;
const check = (change: Partial<DemandedCheck> = {}): DemandedCheck => ({
  name: "scan",
  uses: "sca",
  with: {},
  phase: "static",
  allowWarn: false,
  ...change,
});
const run = (one: DemandedCheck, change: Partial<Evidence> = {}): Evidence => ({
  check: one.name,
  demand: demandDigest(one),
  ...subject,
  verdict: "pass",
  exercised: { requests: 0, assertions: 0, files: 9 },
  summary: "clean",
  at: "2026-01-01T10:00:00.000Z",
  expiresAt: null,
  ...change,
});
const flaw = (change: Partial<KnownFlaw> = {}): KnownFlaw => ({
  advisory: "GHSA-1",
  aliases: [],
  severity: "high",
  package: "npm lodash",
  version: "4.17.0",
  fixedIn: null,
  since: "2026-01-01T11:00:00.000Z",
  ...change,
});
const said = (
  known: readonly KnownFlaw[],
  one = check(),
  evidence: readonly Evidence[] = [run(one)],
  change: Partial<FlawsInput> = {},
) =>
  flawGrounds({
    subject,
    now,
    checks: [one],
    evidence,
    flaws: { known, lookedFor: ["scan"], ...change },
  });
const text = (id = "GHSA-1") =>
  `${id} (high) in npm lodash 4.17.0, known since 2026-01-01T11:00:00.000Z (no version repairs it yet)`;
const contradicted = (what: string, verdict = "pass") => [
  {
    outcome: "deny",
    rule: "check.contradicted",
    message: `check scan: its ${verdict} of 2026-01-01T10:00:00.000Z is contradicted: ${what}`,
  },
];
const only = (what: string) => [
  {
    outcome: "allow",
    rule: "flaws",
    message: `of what it is made of is published, and no check here stands against it: ${what}`,
  },
];

describe("a flaw that came to be known after a scan", () => {
  it("is not known to a check that was running when it came", () => {
    const begun = { begunAt: "2026-01-01T09:00:00.000Z" };
    const meanwhile = [flaw({ since: "2026-01-01T09:30:00.000Z" })];
    expect(said(meanwhile)[0]?.outcome).toBe("allow");
    expect(said(meanwhile, check(), [run(check(), begun)])[0]?.outcome).toBe("deny");
    const before = [flaw({ since: "2026-01-01T08:30:00.000Z" })];
    expect(said(before, check(), [run(check(), begun)])[0]?.outcome).toBe("allow");
  });

  it("contradicts what the scan said, and is named", () => {
    expect(said([flaw()])).toEqual(contradicted(text()));
    const fixed = flaw({ fixedIn: "4.17.1" });
    expect(said([fixed])[0]?.message).toContain("(repaired in 4.17.1)");
  });

  it("is one from the moment after it on, or at a time that nobody can read", () => {
    expect(said([flaw({ since: "2026-01-01T10:00:00.000Z" })])[0]?.outcome).toBe("allow");
    expect(said([flaw({ since: "2026-01-01T10:00:00.001Z" })])[0]?.outcome).toBe("deny");
    expect(said([flaw({ since: "once" })])[0]?.outcome).toBe("deny");
  });

  it("is one that the check would fail for: high, where it says nothing", () => {
    const outcome = (severity: KnownFlaw["severity"], failOn?: unknown) =>
      said([flaw({ severity })], check({ with: failOn === undefined ? {} : { failOn } }))[0]
        ?.outcome;
    expect(outcome("critical")).toBe("deny");
    expect(outcome("high")).toBe("deny");
    expect(outcome("medium")).toBe("allow");
    expect(outcome("medium", "medium")).toBe("deny");
    expect(outcome("high", "critical")).toBe("allow");
    // A threshold that nobody can read is none.
    expect(outcome("low", "whatever")).toBe("deny");
  });

  it("contradicts no check that looks for something else, that is live, or that has not run", () => {
    expect(said([flaw()], check(), undefined, { lookedFor: ["other"] })).toEqual(only(text()));
    const live = check({ phase: "live" });
    expect(said([flaw()], live, [run(live)])).toEqual(only(text()));
    expect(said([flaw()], check(), [])).toEqual(only(text()));
  });

  it("is one of three that are named, and the others are counted", () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, at) => flaw({ advisory: `GHSA-${at + 1}` }));
    const three = `${text("GHSA-1")}; ${text("GHSA-2")}; ${text("GHSA-3")}`;
    expect(said(many(3))).toEqual(contradicted(three));
    expect(said(many(4))).toEqual(contradicted(`${three}; and 1 more`));
    expect(said(many(5))).toEqual(contradicted(`${three}; and 2 more`));
  });

  it("says only those that came later, and every check for itself", () => {
    const known = flaw({ advisory: "GHSA-0", since: "2026-01-01T09:00:00.000Z" });
    expect(said([known, flaw()])).toEqual(contradicted(text()));
    const [a, b] = [check(), check({ name: "again" })];
    const grounds = flawGrounds({
      subject,
      now,
      checks: [a, b],
      evidence: [run(a), run(b, { verdict: "warn" })],
      flaws: { known: [flaw()], lookedFor: ["scan", "again"] },
    });
    expect(grounds).toHaveLength(2);
    expect(grounds[1]?.message).toContain("check again: its warn of");
  });

  it("is none where nobody asked or nothing is known", () => {
    expect(said([])).toEqual([]);
    expect(flawGrounds({ subject, now, checks: [check()], evidence: [run(check())] })).toEqual([]);
  });
});
