import { expect, it } from "vitest";
import { decideGate, type GateInput } from "./gate.ts";
import { type Part, partsOf } from "./explain.ts";
import { readInputs } from "./replay.ts";
import { canonicalJson } from "../model/canonical.ts";

const sha = (letter: string) => `sha256:${letter.repeat(64)}` as const;
const now = "2026-01-10T12:00:00.000Z";
const login = { uses: "http", with: { path: "/login" }, in: ["staging"] };
const shown = {
  environment: "staging",
  check: "login",
  uses: "http",
  with: { path: "/login" },
  verdict: "pass",
  exercised: true,
  at: "2026-01-10T11:00:00.000Z",
  expiresAt: null,
} as const;
const input: GateInput = {
  subject: {
    service: "shop",
    environment: "production",
    release: sha("a"),
    configuration: sha("b"),
    colour: "green",
  },
  now,
  checks: [{ name: "deep", uses: "smoke", with: {}, phase: "deployed", allowWarn: false }],
  evidence: [],
  predecessors: [],
  minimumIsolation: "none",
  requirements: [],
  grades: { isolation: "none", identity: "none", governance: "solo" },
  schedule: {
    open: false,
    until: null,
    because: ["the freeze xmas of ops holds (few people)"],
    calendars: [
      {
        of: "service",
        windows: [],
        freezes: [
          {
            name: "xmas",
            owner: "ops",
            reason: "few people",
            from: "2026-01-09T00:00:00Z",
            to: "2026-01-19T00:00:00Z",
          },
        ],
      },
    ] as unknown as NonNullable<GateInput["schedule"]>["calendars"],
    timeZones: "2026a",
  },
  stops: [
    { id: "S-4", kind: "line", scope: "shop", reason: "orders are lost", by: "jo", since: now },
  ],
  obligations: {
    asked: [
      { kind: "requirement", id: "R-1", text: "strangers sign in", proofs: [login] },
      { kind: "requirement", id: "R-2", text: "it answers", proofs: [{ uses: "smoke", with: {} }] },
      { kind: "threat", id: "T-1", text: "a flood", proofs: [{ uses: "load", with: {} }] },
    ],
    surface: { reviewed: "2025-01-01", added: ["process cron"], removed: [] },
    runs: [shown],
  },
  ledger: null,
};

function parts(): readonly Part[] {
  const { decision, inputs } = decideGate("baseline", input);
  const read = readInputs(canonicalJson(inputs));
  if (!read.ok) throw new Error(read.problem);
  return partsOf(read.inputs, decision);
}

const about = (message: string) => parts().find(({ reason }) => reason.message.includes(message));

it("says of windows, stopped lines and a threat model what was read, and whose they are", () => {
  expect(about("xmas")).toMatchObject({
    from: "pipeline",
    read: [
      { name: "freeze xmas", value: "ops: few people (service)" },
      { name: "time zones", value: "2026a" },
    ],
  });
  expect(about("the line shop")).toMatchObject({
    of: "S-4",
    read: [
      { name: "stop", value: "S-4, shop" },
      { name: "since", value: `${now} by jo` },
      { name: "reason", value: "orders are lost" },
    ],
  });
  expect(about("threat model of")).toMatchObject({
    from: "pipeline",
    read: [
      { name: "reviewed" },
      { name: "new since", value: "process cron" },
      { name: "gone since" },
    ],
  });
});

it("says of a requirement what each proof showed, and what this promotion's checks are still to show", () => {
  expect(about("R-1")).toMatchObject({
    of: "R-1",
    from: "pipeline",
    ahead: false,
    read: [
      {
        name: "a check by http with path as required in staging",
        value: "passed (check login: pass, 1h old at the decision)",
      },
    ],
  });
  expect(about("R-2")).toMatchObject({ ahead: true, reason: { outcome: "deny" } });
  expect(about("T-1")).toMatchObject({
    ahead: false,
    read: [{ value: "has not run for this release" }],
  });
});
