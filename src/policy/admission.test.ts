import { describe, expect, it } from "vitest";
import { type AdmissionInput, decideAdmission, evaluateAdmission } from "./admission.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

const good: AdmissionInput = {
  kind: "promotion",
  service: "shop",
  environment: "production",
  release: digest("a"),
  configuration: digest("b"),
  now: "2026-01-01T12:00:00.000Z",
  preset: "strict",
  minimumIsolation: "none",
  grades: { isolation: "separate-user", identity: "none", governance: "solo" },
  artifacts: [{ name: "tree", digest: digest("c"), state: "verified" }],
  keys: { needed: ["DATABASE"], given: ["DATABASE", "OTHER"] },
  unresolved: null,
  requirements: [],
  predecessors: [
    {
      environment: "staging",
      verifiedAt: "2026-01-01T11:00:00Z",
      healthy: { from: "2026-01-01T11:00:00Z", until: null },
      soakMs: 3_600_000,
    },
  ],
  live: null,
  ledger: [],
};

function first(change: Partial<AdmissionInput>) {
  const { outcome, reasons, until } = evaluateAdmission({ ...good, ...change });
  return { outcome, rule: reasons[0]?.rule, message: reasons[0]?.message, until };
}

describe("admission", () => {
  it("allows what is whole, configured, verified and soaked", () => {
    expect(evaluateAdmission(good).outcome).toBe("allow");
  });

  it("denies a reference to a secret that nobody has set", () => {
    const unresolved = "there is no secret TOKEN for shop/production";
    expect(first({ unresolved })).toMatchObject({
      outcome: "deny",
      rule: "secret",
      message: unresolved,
    });
  });

  it("waits for a soak and says until when", () => {
    const waiting = first({ now: "2026-01-01T11:30:00Z" });
    expect(waiting).toMatchObject({
      outcome: "wait",
      rule: "predecessor.soak",
      until: "2026-01-01T12:00:00.000Z",
    });
    expect(waiting.message).toContain("until 2026-01-01T12:00:00.000Z");
  });

  it("waits for the longest of two soaks", () => {
    const other = { ...good.predecessors[0]!, environment: "testing", soakMs: 7_200_000 };
    const { until } = first({
      now: "2026-01-01T11:30:00Z",
      predecessors: [other, ...good.predecessors],
    });
    expect(until).toBe("2026-01-01T13:00:00.000Z");
  });

  it("denies what no predecessor verified, and gives no time to wait for", () => {
    const predecessors = [
      { ...good.predecessors[0]!, verifiedAt: null },
      { ...good.predecessors[0]!, environment: "testing", soakMs: 7_200_000 },
    ];
    expect(first({ predecessors })).toMatchObject({
      outcome: "deny",
      rule: "predecessor.verified",
      until: undefined,
    });
  });

  it("names the keys that the configuration lacks", () => {
    const lacking = first({ keys: { needed: ["B", "A", "C", "A"], given: ["C"] } });
    expect(lacking).toMatchObject({ outcome: "deny", rule: "configuration" });
    expect(lacking.message).toContain("lacks A, B;");
  });

  it.each(["missing", "mismatch"] as const)("denies a %s artifact", (state) => {
    const artifacts = [{ name: "tree", digest: digest("c"), state }];
    expect(first({ artifacts })).toMatchObject({ outcome: "deny", rule: "artifact" });
  });

  it("denies a release without artifacts", () => {
    expect(first({ artifacts: [] })).toMatchObject({ outcome: "deny", rule: "artifact" });
  });

  it("denies at once where the machine cannot give the isolation", () => {
    const grades = { ...good.grades, isolation: "none" as const };
    expect(first({ grades })).toMatchObject({ outcome: "deny", rule: "isolation" });
  });

  it("asks a rollback for its bytes and its configuration, but for no soak", () => {
    const predecessors = [{ ...good.predecessors[0]!, verifiedAt: null }];
    expect(evaluateAdmission({ ...good, kind: "rollback", predecessors }).outcome).toBe("allow");
    const artifacts = [{ name: "tree", digest: digest("c"), state: "missing" as const }];
    expect(evaluateAdmission({ ...good, kind: "rollback", artifacts }).outcome).toBe("deny");
  });

  it("says that the same deployment is live already", () => {
    const live = { release: good.release, configuration: good.configuration };
    const { outcome, reasons } = evaluateAdmission({ ...good, live });
    expect(outcome).toBe("allow");
    expect(reasons.some((reason) => reason.rule === "same")).toBe(true);
  });

  it("says of each artifact what was found, by the start of its digest", () => {
    const short = `sha256:${"c".repeat(12)}`;
    const said = (state: "verified" | "missing" | "mismatch") => {
      const artifacts = [{ name: "tree", digest: digest("c"), state }];
      const { reasons } = evaluateAdmission({ ...good, artifacts });
      return reasons.find(({ rule }) => rule === "artifact")?.message;
    };
    expect(said("verified")).toBe(`artifact tree is ${short}`);
    expect(said("missing")).toBe(
      `artifact tree (${short}) is not in the store; create the release again`,
    );
    expect(said("mismatch")).toBe(
      `artifact tree (${short}) has other bytes than its digest says; create the release again`,
    );
    expect(first({ artifacts: [] }).message).toBe("the release has no artifact");
  });

  it("says what is lacking and how to set it, or that nothing is", () => {
    expect(first({ keys: { needed: ["B", "A"], given: [] } }).message).toBe(
      "the configuration lacks A, B; set them with `tidelock config` or `tidelock secret`",
    );
    expect(evaluateAdmission(good).reasons).toContainEqual({
      outcome: "allow",
      rule: "configuration",
      message: "the configuration has every key that the release needs",
    });
  });

  it("says that something is live already only of this release with this configuration", () => {
    const { release, configuration } = good;
    const same = (live: AdmissionInput["live"]) =>
      evaluateAdmission({ ...good, live }).reasons.filter(({ rule }) => rule === "same");
    expect(same({ release, configuration })).toEqual([
      {
        outcome: "allow",
        rule: "same",
        message: "this release with this configuration is live already",
      },
    ]);
    expect(same({ release: digest("f"), configuration })).toEqual([]);
    expect(same({ release, configuration: digest("f") })).toEqual([]);
    expect(same(null)).toEqual([]);
  });

  it("holds up a promotion by a stopped line and by a closed window, and no return", () => {
    const stops = [
      {
        id: "S-1",
        kind: "line" as const,
        scope: "shop/production",
        reason: "orders are lost",
        by: "ada",
        since: good.now,
      },
    ];
    const schedule = {
      open: false,
      until: null,
      because: ["the freeze holds"],
      calendars: [],
      timeZones: "2026a",
    };
    for (const change of [{ stops }, { schedule }]) {
      expect(evaluateAdmission({ ...good, ...change }).outcome).toBe("wait");
      expect(evaluateAdmission({ ...good, ...change, kind: "rollback" }).outcome).toBe("allow");
    }
  });

  it("asks what intrusive checks would meet, where there are any", () => {
    const gaps = [{ key: "DATABASE", what: "secret" as const }];
    const testBindings = { intrusive: ["dast"], gaps, unproven: [] };
    expect(first({ testBindings })).toMatchObject({ outcome: "deny", rule: "bindings" });
    expect(first({ testBindings, preset: "baseline" }).outcome).toBe("allow");
  });

  it("says that somebody works alone, and what the ledger says", () => {
    const { reasons } = evaluateAdmission(good);
    expect(reasons.map(({ rule }) => rule)).toEqual([
      "artifact",
      "configuration",
      "governance",
      "isolation",
      "predecessor.soak",
    ]);
    const ledger = [{ outcome: "deny" as const, message: "a row was edited" }];
    expect(first({ ledger })).toMatchObject({ outcome: "deny", rule: "ledger" });
  });

  it("keeps what it was made from, and of what kind it is", () => {
    const { inputs } = decideAdmission({ ...good, kind: "rollback" });
    expect(inputs).toEqual({ ...good, kind: "admission", of: "rollback" });
  });
});
