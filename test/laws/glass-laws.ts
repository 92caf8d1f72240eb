import { canonicalJson } from "../../src/model/canonical.ts";
import type { GlassInput } from "../../src/identity/break-glass/given.ts";
import type { Aside } from "../../src/model/break-glass.ts";
import type { Outcome } from "../../src/model/decision.ts";
import { asideOf } from "../../src/policy/break-glass.ts";
import { decideGate, evaluateGate, gateGrounds, type GateInput } from "../../src/policy/gate.ts";
import { replay } from "../../src/policy/replay.ts";
import { type GateCase, inputOf } from "./gate-cases.ts";

/*
 * Breaking the glass over any case: it turns a no into nothing but an outcome of its own, only where everything that
 * speaks against it may be set aside, and only when it counts.
 */

/** Throws what breaks a law; answers what the gate says with everything set aside that can be named. */
export function holdGlassLaws(one: GateCase, outcome: Outcome): Outcome {
  const input = inputOf(one);
  const whole = { ...input, glass: glassOver(input, {}) };
  const { decision, inputs } = decideGate(one.preset, whole);
  const says = decision.outcome;
  // Where something that nobody sets aside waits, a no may become a wait; nothing becomes a yes.
  const allowed: readonly Outcome[] =
    outcome === "deny" ? ["wait", "break-glass"] : ["break-glass"];
  if (says !== outcome && !allowed.includes(says)) throw new Error(`a glass made it ${says}`);
  const lasting = gateGrounds(one.preset, input).some(
    (ground) => ground.outcome !== "allow" && asideOf(ground) === undefined,
  );
  if (says === "break-glass" && (lasting || outcome === "allow")) {
    throw new Error("a glass set aside what nobody can, or what nothing speaks against");
  }
  if ((says === "break-glass") !== (decision.brokenGlass !== undefined)) {
    throw new Error("who set what aside is not said with it");
  }
  const flaws: readonly Partial<GlassInput>[] = [
    { signed: [] },
    { usedBy: "another" },
    { policy: { allowed: "none", longest: day } },
    { promotion: "p", now: { ...whole.glass.now, plan: `sha256:${"9".repeat(64)}` } },
  ];
  const flaw = flaws[one.checks.length % flaws.length];
  const { outcome: flawed } = evaluateGate(one.preset, { ...input, glass: glassOver(input, { ...flaw }) }); // prettier-ignore
  if (flawed !== outcome) throw new Error("a glass that does not count changed the outcome");
  const again = replay(canonicalJson(inputs));
  if (!again.ok || canonicalJson(again.decided.decision) !== canonicalJson(decision)) {
    throw new Error("what was kept of a glass decides otherwise");
  }
  return says;
}

const day = 86_400_000;

/** Signed by two, over everything that stands in the way, and over what never may be. */
function glassOver(input: GateInput, change: Partial<GlassInput>): GlassInput {
  const { subject, now } = input;
  const { service, environment, release, configuration } = subject;
  const about = { ledger: "here", service, environment, release, configuration, plan: release, policy: release }; // prettier-ignore
  const named = ["line", "ledger", "release.banned", "isolation", "identity", "evidence signature", "window", "approvals"]; // prettier-ignore
  const asides = new Map<string, Aside>(named.map((of) => [of, { of, says: "x", check: null }]));
  for (const ground of gateGrounds("strict", input)) {
    const now_ = asideOf(ground);
    if (now_ === undefined) continue;
    const check = now_.check && { demand: now_.check.demand, verdict: "any" as const, failing: null }; // prettier-ignore
    asides.set(now_.of, { of: now_.of, says: ground.message.slice(0, 600), check: check ?? null });
  }
  const expires = new Date(Date.parse(now) + day).toISOString();
  return {
    asked: { ...about, glass: "BG-1", request: "0".repeat(32), version: "1", decision: release, reason: "why", expires }, // prettier-ignore
    basis: {
      asides: [...asides.values()],
      findings: (input.facts?.findings?.items ?? []).map(({ id, severity, rule, knownExploited }) => ({ id, severity, rule, exploited: knownExploited })), // prettier-ignore
    },
    at: now,
    policy: { allowed: "all", longest: 2 * day },
    now: about,
    promotion: "p",
    usedBy: null,
    signed: ["person:ann", "person:tom"].map((person) => ({
      id: person,
      person,
      also: [],
      at: now,
      against: null,
      enrolments: [],
    })),
    ownWork: [],
    ...change,
  };
}
