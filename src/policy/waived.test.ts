import { describe, expect, it } from "vitest";
import type { Digest } from "../model/primitives.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Waived, WaiverPolicy } from "../model/waiver.ts";
import { ground } from "./decide.ts";
import { type DemandedCheck, demandDigest, type Evidence, type Judged } from "./evidence.ts";
import { standingWaivers, waivedGround, type WaiversInput } from "./waived.ts";
import type { FindingNow, SignedWaiver } from "./waivers.ts";

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const day = (days: number) => new Date(Date.UTC(2026, 0, 1) + days * 86_400_000).toISOString();
const policy: WaiverPolicy = { longest: 90 * 86_400_000, allowed: "both" };
const subject = {
  service: "shop",
  environment: "production",
  release: digest("a"),
  configuration: digest("b"),
  colour: "green" as const,
};
const sast: DemandedCheck = {
  name: "sast",
  uses: "semgrep",
  with: {},
  phase: "static",
  allowWarn: false,
};
const finding: FindingNow = {
  kind: "finding",
  finding: "F-1",
  fingerprints: digest("f"),
  severity: "high",
  knownExploited: false,
};

function signed(waiver: `W-${number}`, of: Partial<Waived["of"]>): SignedWaiver {
  const ofFinding = {
    kind: "finding",
    finding: "F-1",
    rule: "eval",
    title: "eval of input",
    fingerprints: digest("f"),
    severity: "high",
    knownExploited: false,
  };
  const ofCheck = {
    kind: "check",
    check: "sast",
    uses: "semgrep",
    demand: demandDigest(sast),
    verdicts: ["fail"],
    failing: ["a"],
  };
  const whole = { ...(of.kind === "check" ? ofCheck : ofFinding), ...of } as Waived["of"];
  const waived: Waived = {
    waiver,
    ledger: "tidelock/test",
    service: "shop",
    environment: "production",
    release: null,
    of: whole,
    reason: "no way around it yet",
    control: "a rule of the firewall",
    owner: "maria",
    until: day(30),
  };
  return { waived, since: day(0), people: ["person:1", "person:2"] };
}

const place = (change: Partial<WaiversInput>, now = day(1)) => ({
  subject,
  now,
  waivers: { policy, signed: [], findings: [finding], ...change },
});

describe("waivers of findings that stand", () => {
  const stand = (change: Partial<WaiversInput>, now?: string) => [
    ...standingWaivers(place(change, now)),
  ];

  it("are those of findings that are still what was signed, until they end", () => {
    const all = [
      signed("W-1", {}),
      signed("W-2", { finding: "F-2" }),
      signed("W-3", { kind: "check" }),
      signed("W-4", { severity: "low" }),
      signed("W-5", {}),
    ];
    expect(stand({ signed: all })).toEqual(["W-1", "W-5"]);
    expect(stand({ signed: all }, day(30))).toEqual([]);
  });

  it("are none where the finding, the owners' policy or any waiver is gone", () => {
    expect(stand({ signed: [signed("W-1", {})], findings: [] })).toEqual([]);
    expect(stand({ signed: [signed("W-1", {})], policy: null })).toEqual([]);
    expect([...standingWaivers({ subject, now: day(1) })]).toEqual([]);
  });
});

describe("a check that denies", () => {
  const exercised = { requests: 0, assertions: 0, files: 1 };
  const run = (some: Evidence["exercised"]): Evidence => ({
    check: "sast",
    demand: demandDigest(sast),
    ...subject,
    verdict: "fail",
    exercised: some,
    summary: "seen",
    at: day(0),
    expiresAt: null,
  });
  const judged = (verdict: Verdict, change: Partial<Judged> = {}): Judged => ({
    ground: ground("deny", `check.${verdict}`, `check sast: ${verdict}: seen`),
    verdict,
    run: run(exercised),
    failing: ["a"],
    besides: [],
    ...change,
  });
  const outcome = (said: Judged, ...all: readonly SignedWaiver[]) =>
    waivedGround(sast, said, place({ signed: all })).outcome;
  const fails = signed("W-2", { kind: "check" });
  const wide = signed("W-2", {
    kind: "check",
    verdicts: ["fail", "error", "inconclusive", "missing"],
  });

  it("is let through with the words of who accepted it, and of two the first", () => {
    const all = [fails, signed("W-1", { kind: "check" }), signed("W-0" as "W-1", {})];
    expect(waivedGround(sast, judged("fail"), place({ signed: all }))).toEqual({
      outcome: "allow",
      rule: "check.waived",
      message: `check sast: fail: seen; accepted by W-1 until ${day(30)}, signed by person:1 and person:2`,
    });
  });

  it("names of two the first by name, whichever was signed first", () => {
    const early = { ...fails, since: day(0) };
    const late = { ...signed("W-1", { kind: "check" }), since: day(0.5) };
    for (const all of [
      [early, late],
      [late, early],
    ]) {
      const { message } = waivedGround(sast, judged("fail"), place({ signed: all }));
      expect(message).toContain("accepted by W-1");
    }
  });

  it("stays as it is where nothing accepts it", () => {
    const said = judged("fail");
    expect(waivedGround(sast, said, { subject, now: day(1) })).toBe(said.ground);
    expect(waivedGround(sast, said, place({}))).toBe(said.ground);
    expect(waivedGround(sast, said, place({ signed: [fails], policy: null }))).toBe(said.ground);
    expect(waivedGround(sast, said, place({ signed: [fails] }, day(30)))).toBe(said.ground);
  });

  it("that lets through needs no waiver, and names none", () => {
    const warned = { ...judged("fail"), ground: ground("allow", "check.warn", "it may") };
    expect(waivedGround(sast, warned, place({ signed: [fails] }))).toBe(warned.ground);
  });

  it("is accepted only with everything that is said besides", () => {
    expect(outcome(judged("fail", { besides: ["fail"] }), fails)).toBe("allow");
    expect(outcome(judged("fail", { besides: ["fail", "error"] }), fails)).toBe("deny");
    expect(outcome(judged("fail", { besides: ["error", "fail"] }), wide)).toBe("allow");
    // Another waiver is asked for all of it.
    expect(outcome(judged("fail", { besides: ["error"] }), fails, wide)).toBe("allow");
  });

  it("because of a run that exercised nothing needs that accepted as well", () => {
    const nothing = { requests: 0, assertions: 0, files: 0 };
    expect(outcome(judged("fail", { run: run(nothing) }), fails)).toBe("deny");
    expect(outcome(judged("fail", { run: run(nothing) }), wide)).toBe("allow");
    for (const kind of ["requests", "assertions", "files"]) {
      for (const some of [
        { ...nothing, [kind]: 1 },
        { requests: 1, assertions: 1, files: 1, [kind]: 0 },
      ]) {
        expect(outcome(judged("fail", { run: run(some) }), fails)).toBe("allow");
      }
    }
  });

  it("because there is no run at all has not exercised nothing", () => {
    const none = { run: undefined, failing: null };
    const missing = signed("W-2", { kind: "check", verdicts: ["missing"] });
    expect(outcome(judged("missing", none), missing)).toBe("allow");
  });

  it("is accepted for that configuration only", () => {
    const other = { ...sast, with: { rules: "fewer" } };
    expect(waivedGround(other, judged("fail"), place({ signed: [fails] })).outcome).toBe("deny");
  });
});
