import { describe, expect, it } from "vitest";
import { apiVersion, CheckDemand, Environment } from "../model/pipeline.ts";
import { demandDigest, type Evidence } from "./evidence.ts";
import { programsOfTheCandidate } from "./floor-program.ts";
import { applyFloor } from "./floor.ts";
import { decideGate } from "./gate.ts";

/** A service's own file against its environment's floor: whatever it writes under the name of a demanded check. */

const digest = `sha256:${"a".repeat(64)}` as const;
const now = "2026-11-01T12:00:00.000Z";
const subject = {
  service: "shop",
  environment: "production",
  release: digest,
  configuration: digest,
  colour: "blue" as const,
};
const demand = (of: object) => ({ ...CheckDemand.parse({ name: "x", uses: "x" }), ...of });
const sast = demand({ name: "sast", uses: "semgrep", with: { config: "strict" } });
const floorOf = (checks: readonly CheckDemand[]) => ({
  gate: "baseline" as const,
  checks: [...checks],
  minimumSoak: 0,
  isolation: "none" as const,
});

function passOf(check: CheckDemand): Evidence {
  return {
    ...subject,
    check: check.name,
    demand: demandDigest(check),
    verdict: "pass",
    exercised: { requests: 1, assertions: 1, files: 1 },
    summary: "fine",
    at: now,
    expiresAt: null,
  };
}

/** What the gate says when everything that the service wrote has passed, and nothing of the floor's has run. */
function gateFor(own: CheckDemand, floor: CheckDemand) {
  const { checks } = applyFloor({ gate: "baseline", checks: [own], soak: 0 }, floorOf([floor]));
  const { decision } = decideGate("baseline", {
    subject,
    now,
    checks,
    // Also under the name that the service gave it.
    evidence: [own, ...checks.filter(({ name }) => name !== floor.name)].map(passOf),
    predecessors: [],
    minimumIsolation: "none",
    requirements: [],
    grades: { isolation: "none", identity: "bound", governance: "solo" },
    ledger: [],
  });
  return { checks, decision };
}

describe("a check of the service's own under the name of one that the floor demands", () => {
  const command = demand({
    name: "sast",
    uses: "command",
    with: { command: ["sh", "scan.sh"], exitCodes: { "0": "pass" } },
  });
  it.each([
    [
      "a command that is true",
      sast,
      { name: "sast", uses: "command", with: { command: ["true"] } },
    ],
    ["the same tool told to look away", sast, { ...sast, with: { config: "nothing" } }],
    [
      "the same with every exit code a pass",
      command,
      { ...command, with: { ...command.with, exitCodes: { "0": "pass", "1": "pass" } } },
    ],
    [
      "the same with whatever else a pass",
      command,
      { ...command, with: { ...command.with, otherwise: "inconclusive" } },
    ],
    [
      "the same asking for less",
      { ...sast, minimum: { files: 50 } },
      { ...sast, minimum: { files: 1 } },
    ],
    ["the same by older data", { ...sast, maxDataAge: 1_000 }, { ...sast, maxDataAge: 9_000 }],
  ])("(%s) satisfies nothing", (_what, floor, own) => {
    const { checks, decision } = gateFor(demand(own), demand(floor));
    expect(checks.map(({ name }) => name)).toEqual(["sast", "sast-own"]);
    expect(checks[0]).toEqual(demand(floor));
    expect(decision.outcome).toBe("deny");
    expect(decision.reasons[0]).toMatchObject({
      rule: "check.missing",
      message: expect.stringContaining("check sast: no verdict for this"),
    });
  });

  it.each([
    ["that it may warn", { allowWarn: true }],
    ["that nobody waits for it", { outOfBand: true }],
    ["that it runs when users are there already", { phase: "live" }],
    ["that it is tried until it passes", { retries: 5 }],
  ])("cannot say of the floor's own %s", (_what, more) => {
    const { checks } = applyFloor(
      { gate: "baseline", checks: [demand({ ...sast, ...more })], soak: 0 },
      floorOf([sast]),
    );
    expect(checks.find(({ name }) => name === "sast")).toEqual(sast);
  });

  it("does not make the floor's wait for it", () => {
    const own = demand({ name: "own", uses: "command", with: { command: ["false"] } });
    const { checks } = applyFloor(
      { gate: "baseline", checks: [demand({ ...sast, needs: ["own"] }), own], soak: 0 },
      floorOf([sast]),
    );
    expect(checks[0]).toEqual(sast);
  });
});

describe("a program that a floor's check runs", () => {
  const environment = (command: readonly string[], more: object = {}) =>
    Environment.parse({
      apiVersion,
      kind: "Environment",
      metadata: { name: "production" },
      spec: {
        tier: "production",
        floor: { checks: [{ name: "own", uses: "command", with: { command, ...more } }] },
      },
    });

  it("is none of the candidate's", () => {
    expect(programsOfTheCandidate(environment(["./scan.sh", "--all"]))).toEqual([
      { check: "own", program: "./scan.sh" },
    ]);
    expect(programsOfTheCandidate(environment(["scripts/scan.sh"]))).toHaveLength(1);
    for (const program of ["/opt/scan/scan.sh", "semgrep"]) {
      expect(programsOfTheCandidate(environment([program]))).toEqual([]);
    }
    expect(programsOfTheCandidate(environment(["./scan.sh"], { in: "empty" }))).toEqual([]);
  });
});
