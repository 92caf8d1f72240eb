import { describe, expect, it } from "vitest";
import { canonicalJson } from "../model/canonical.ts";
import { Freeze } from "../model/calendar.ts";
import { decideAdmission, type AdmissionInput } from "./admission.ts";
import type { Evidence } from "./evidence.ts";
import { limitedBy } from "./max-age.ts";
import { replay } from "./replay.ts";
import { scheduleGrounds, scheduleSays } from "./schedule.ts";
import { type StopSays, stopGrounds } from "./stops.ts";

const forward = { returning: false, underWay: false };
const back = { returning: true, underWay: false };
const underWay = { returning: false, underWay: true };

const freeze = Freeze.parse({
  name: "launch",
  from: "2026-11-27T00:00:00Z",
  to: "2026-11-28T00:00:00Z",
  reason: "the campaign runs",
  owner: "marketing",
});
const frozen = scheduleSays(
  [{ of: "environment", windows: [], freezes: [freeze] }],
  Date.parse("2026-11-27T12:00:00Z"),
  "2026a",
);
const line: StopSays = {
  id: "S-1",
  kind: "line",
  scope: "shop/production",
  reason: "it loses orders",
  by: "maria",
  since: "2026-11-27T11:00:00.000Z",
};
const ban: StopSays = { ...line, id: "S-2", kind: "ban", scope: "shop@1.4.2" };

describe("a closed window", () => {
  it("waits until exactly its opening, and says whose word it is", () => {
    expect(scheduleGrounds(frozen, forward)).toEqual([
      {
        outcome: "wait",
        rule: "window",
        message:
          "the freeze launch of marketing holds until 2026-11-28T00:00:00.000Z (the campaign runs); it may go from 2026-11-28T00:00:00.000Z",
        until: "2026-11-28T00:00:00.000Z",
      },
    ]);
  });

  it("holds up no return, and nobody whose old release is gone already; both stand in the reasons", () => {
    for (const passing of [back, underWay]) {
      const [said] = scheduleGrounds(frozen, passing);
      expect(said).toMatchObject({ outcome: "allow", rule: "window" });
      expect(said?.message).toContain("the freeze launch of marketing");
    }
  });

  it("stays closed while the clock is not believed, though the hour has come", () => {
    const clock = { message: "the clock was set", until: "2026-11-28T00:10:00.000Z" };
    const open = { ...frozen, open: true, until: null, because: [], clock };
    expect(scheduleGrounds(open, forward)).toMatchObject([{ outcome: "wait", until: clock.until }]);
    const both = scheduleGrounds({ ...frozen, clock }, forward);
    expect(both).toMatchObject([{ outcome: "wait", until: clock.until }]);
  });

  it("without any opening waits for people, not for a time", () => {
    const [said] = scheduleGrounds({ ...frozen, until: null }, forward);
    expect(said).toMatchObject({ outcome: "wait" });
    expect(said).not.toHaveProperty("until");
  });
});

describe("what is stopped", () => {
  it("waits for a person where a line is, and is denied where content is banned", () => {
    expect(stopGrounds([line, ban], forward)).toMatchObject([
      { outcome: "wait", rule: "line" },
      { outcome: "deny", rule: "release.banned" },
    ]);
  });

  it("holds up no return but the one to what is banned", () => {
    expect(stopGrounds([line, ban], back).map(({ outcome }) => outcome)).toEqual(["allow", "deny"]);
  });

  it("brings the old release back where it is gone already", () => {
    expect(stopGrounds([line], underWay)).toMatchObject([{ outcome: "deny", rule: "line" }]);
  });

  it("and a closed window are decided again from what was kept, to the byte", () => {
    const digest = `sha256:${"a".repeat(64)}` as const;
    const input: AdmissionInput = {
      kind: "promotion",
      service: "shop",
      environment: "production",
      release: digest,
      configuration: digest,
      now: "2026-11-27T12:00:00.000Z",
      preset: "baseline",
      minimumIsolation: "none",
      grades: { isolation: "none", identity: "none", governance: "solo" },
      artifacts: [{ name: "tree", digest, state: "verified" }],
      keys: { needed: [], given: [] },
      unresolved: null,
      predecessors: [],
      requirements: [],
      schedule: frozen,
      stops: [line],
      live: null,
      ledger: null,
    };
    const { decision, inputs } = decideAdmission(input);
    expect(decision.outcome).toBe("wait");
    const again = replay(canonicalJson(inputs));
    expect(again).toMatchObject({ ok: true, decided: { decision } });
  });
});

describe("the greatest age of evidence", () => {
  const at = "2026-11-27T12:00:00.000Z";
  const evidence = { at, expiresAt: null } as Evidence;
  const limit = (item: Partial<Evidence>) => limitedBy(60_000, [{ ...evidence, ...item }])[0];

  it("makes it expire at the latest then, and an earlier end stays", () => {
    expect(limit({})).toMatchObject({ expiresAt: "2026-11-27T12:01:00.000Z" });
    const earlier = "2026-11-27T12:00:30.000Z";
    expect(limit({ expiresAt: earlier })).toMatchObject({ expiresAt: earlier });
    expect(limit({ expiresAt: "2027-01-01T00:00:00.000Z" })).toMatchObject({
      expiresAt: "2026-11-27T12:01:00.000Z",
    });
  });

  it("makes what has no readable time expire at once", () => {
    for (const item of [{ at: "yesterday" }, { expiresAt: "never" }]) {
      expect(Date.parse(limit(item)?.expiresAt ?? "")).toBeNaN();
    }
  });
});
