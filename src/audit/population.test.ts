import { describe, expect, it } from "vitest";
import type { LogEntry } from "./log-entry.ts";
import { reconcile } from "./population.ts";

const subject = {
  kind: "environment",
  environment: "production",
  from: "2026-11-01T00:00:00.000Z",
  to: "2026-12-01T00:00:00.000Z",
} as const;

let index = 0;
function entry(
  kind: string,
  operation: string,
  payload: LogEntry["payload"] = {},
  more: { stream?: string; time?: string } = {},
): LogEntry {
  index += 1;
  const leaf = {
    formatVersion: 1 as const,
    kind,
    operation,
    stream: more.stream ?? "shop/production",
    sequence: index,
    previous: null,
    time: more.time ?? "2026-11-05T00:00:00.000Z",
    actor: "tidelock",
    payload: `hmac-sha256:${"0".repeat(64)}`,
  };
  return { index, leaf, leafHash: "0".repeat(64), payload };
}

const seen = (kind: string, operation: string | null, at = "2026-11-05T00:00:00.000Z") => ({
  agentId: "a1",
  sequence: (index += 1),
  at,
  kind,
  lane: "shop/production",
  operation,
  journal: "0".repeat(64),
  index: 0,
});

const accepted = (promotion: "promotion" | "rollback") => ({
  promotion,
  release: `sha256:${"a".repeat(64)}`,
  configuration: `sha256:${"b".repeat(64)}`,
  plan: `sha256:${"c".repeat(64)}`,
});

describe("the population of changes", () => {
  it("counts every kind of change within the time, and in this environment alone", () => {
    const before = { time: "2026-10-31T23:59:59.999Z" };
    const { counts, changes } = reconcile(
      subject,
      [
        entry("promotion.accepted", "p1", accepted("promotion")),
        entry("promotion.accepted", "p2", accepted("rollback")),
        entry("promotion.accepted", "p3", accepted("promotion"), before),
        entry("promotion.accepted", "p4", accepted("promotion"), { stream: "shop/testing" }),
        entry("agent.returned", "p1/6/switch/journal/9"),
        entry("configuration.applied", "c1"),
        entry("document.registered", "d1", {}, { stream: "system" }),
        entry("key.added", "k1", {}, { stream: "system" }),
        entry("server.upgraded", "v1", {}, { stream: "system" }),
        entry("store.restored", "r1", {}, { stream: "system" }),
        entry("payload.erased", "e1", {}, { stream: "system" }),
        entry("secret.put", "s1"),
        entry("secret.read", "p1/1/read"),
        entry("check.reported", "p1/4/smoke/1"),
      ],
      { observed: [], gaps: [] },
    );
    expect(counts).toMatchObject({
      normal: 1,
      rollback: 1,
      "armed-return": 1,
      configuration: 1,
      policy: 1,
      secret: 1,
      key: 1,
      upgrade: 1,
      restore: 1,
      erasure: 1,
    });
    expect(changes).toHaveLength(10);
  });

  it("lists what an agent did without an intent in the log as made outside of Tidelock", () => {
    const intent = entry("effect.intent", "p1/6/switch");
    const { outside } = reconcile(subject, [intent], {
      observed: [
        seen("route", "p1/6/switch#2"),
        seen("route", "by-hand/1"),
        seen("destroy", null),
        seen("instance-exit", null),
        seen("route", "too-early", "2026-10-01T00:00:00.000Z"),
      ],
      gaps: [],
    });
    expect(outside.map(({ what }) => what.replace(/ \(.*operation /, ": "))).toEqual([
      "route in shop/production: by-hand/1)",
      "destroy in shop/production: none)",
    ]);
  });

  it("knows an armed return by the entry that took it in", () => {
    const observed = seen("return", "p1/6/arm");
    const taken = entry("agent.returned", `p1/6/arm/journal/${observed.sequence}`);
    const { outside } = reconcile(subject, [taken], { observed: [observed], gaps: [] });
    expect(outside).toEqual([]);
  });

  it("lists a movement of traffic that no agent saw, holes in journals, and drift", () => {
    const weights = { blue: 100, green: 0 };
    const look = { lane: "shop/production", live: "green", weights, problem: null };
    const { unobserved, gaps, drift } = reconcile(
      subject,
      [
        entry("effect.outcome", "p1/6/switch", { result: "done" }),
        entry("lane.observed", "look/1", look),
      ],
      { observed: [], gaps: ["entries 4 to 6 of the journal of the agent a1 are missing"] },
    );
    expect(unobserved.map(({ what }) => what)).toEqual(["p1/6/switch in shop/production"]);
    expect(gaps).toHaveLength(1);
    expect(drift).toEqual([
      "shop/production: the ledger's tables say green is live, and the router sends to blue",
    ]);
  });
});
