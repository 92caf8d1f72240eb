import { describe, expect, it } from "vitest";
import { type DemandedCheck, demandDigest, type Evidence } from "./evidence.ts";
import type { KnownFlaw } from "./flaws.ts";
import { evaluateGate, type GateInput } from "./gate.ts";

const now = "2026-01-01T12:00:00.000Z";
const scan: DemandedCheck = {
  name: "scan",
  uses: "sca",
  with: {},
  phase: "static",
  allowWarn: false,
};
const subject = {
  service: "shop",
  environment: "production",
  release: `sha256:${"a".repeat(64)}`,
  configuration: `sha256:${"b".repeat(64)}`,
  colour: "green",
} as const;
const run: Evidence = {
  check: "scan",
  demand: demandDigest(scan),
  ...subject,
  verdict: "pass",
  exercised: { requests: 0, assertions: 0, files: 9 },
  summary: "clean",
  at: "2026-01-01T10:00:00.000Z",
  expiresAt: null,
};
const input: GateInput = {
  subject,
  now,
  checks: [scan],
  evidence: [run],
  predecessors: [],
  minimumIsolation: "none",
  requirements: [],
  grades: { isolation: "separate-user", identity: "bound", governance: "team" },
  ledger: [],
};
const flaw: KnownFlaw = {
  advisory: "GHSA-1",
  aliases: [],
  severity: "high",
  package: "npm lodash",
  version: "4.17.0",
  fixedIn: null,
  since: "2026-01-01T11:00:00.000Z",
};
const schedule = { open: false, until: null, because: ["closed"], calendars: [], timeZones: "x" };
const line = {
  id: "S-1",
  kind: "line",
  scope: "shop/production",
  reason: "orders are lost",
  by: "ada",
  since: now,
} as const;

/** What is said without a word on the way it goes, on a forward way, on a return, and where the old one is gone. */
function ways(change: Partial<GateInput>) {
  const outcome = (way: Partial<GateInput>) =>
    evaluateGate("baseline", { ...input, ...change, ...way }).outcome;
  return [
    outcome({}),
    outcome({ returning: false, underWay: false }),
    outcome({ returning: true }),
    outcome({ underWay: true }),
  ];
}

describe("a gate that nobody told which way it goes takes it for forward:", () => {
  it("nothing in the way lets through whichever way", () => {
    expect(ways({})).toEqual(["allow", "allow", "allow", "allow"]);
  });

  it("a closed window waits, but for a return and for what is under way", () => {
    expect(ways({ schedule })).toEqual(["wait", "wait", "allow", "allow"]);
  });

  it("a stopped line waits, but for a return, and ends what is under way", () => {
    expect(ways({ stops: [line] })).toEqual(["wait", "wait", "allow", "deny"]);
  });

  it("a flaw that came to be known after a scan denies, but for a return", () => {
    const flaws = { known: [flaw], lookedFor: ["scan"] };
    expect(ways({ flaws })).toEqual(["deny", "deny", "allow", "deny"]);
  });
});
