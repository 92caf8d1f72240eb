import { describe, expect, it } from "vitest";
import { type AdmissionInput, evaluateAdmission } from "./admission.ts";

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
});
