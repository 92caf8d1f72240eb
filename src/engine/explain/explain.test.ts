import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RequirementReport } from "../../api/views/gate.ts";
import { documents, operator, until } from "../../../test/support/engine-bench.ts";
import { GateStory } from "../../../test/support/gate-story.ts";

let story: GateStory;

beforeEach(async () => {
  story = await GateStory.begin();
  await story.plane.applyDocuments(operator, "tidelock.yaml", documents({ dev: "      soak: 1h" }));
  await story.release("1.0.0", { "server.js": "serve()" });
}, 90_000);

afterEach(() => story.end());

const lane = { service: "shop", environment: "production" };

describe("what a gate says is explained", () => {
  it("before anything was promoted: what it would say, and where to promote it first", async () => {
    const seen = await story.plane.gates.explainLane(lane, "1.0.0");
    expect(seen).toMatchObject({
      about: "preview",
      place: "admission",
      outcome: "deny",
      promotion: null,
      release: { version: "1.0.0" },
    });
    expect(seen.parts[0]).toMatchObject({
      outcome: "deny",
      rule: "predecessor.verified",
      read: expect.arrayContaining([{ name: "verified", value: "never" }]),
      next: "promote it to dev first: tidelock promote shop@1.0.0 --to dev",
    });
  });

  it("while it waits: until when, and that nobody has to do anything", async () => {
    await story.promote("1.0.0", "dev");
    const asked = { service: "shop", release: "1.0.0", environment: "production" };
    const { id } = await story.plane.promote(operator, asked);
    await until(
      () => story.plane.showPromotion(id),
      (view) => view.waiting !== null,
    );
    const seen = await story.plane.gates.explainLane(lane, undefined);
    expect(seen).toMatchObject({ promotion: id, about: "waiting", outcome: "wait" });
    expect(seen.waiting?.reason).toContain("it soaks in dev");
    const [first] = seen.parts;
    expect(first).toMatchObject({ outcome: "wait", rule: "predecessor.soak" });
    expect(first?.next).toContain("nothing to do");
    expect(first?.leansOn).toMatchObject([{ kind: "promotion", text: "complete there" }]);
  }, 90_000);

  it("after it was denied, and after it was allowed: by the inputs that were kept", async () => {
    await story.plane.applyDocuments(operator, "tidelock.yaml", documents());
    await story.promote("1.0.0", "dev");
    story.bench.staged.verdicts.push("fail");
    const denied = await story.promote("1.0.0", "production");
    const seen = await story.plane.gates.explain(denied.id);
    expect(seen).toMatchObject({ about: "decision", outcome: "deny", state: "failed" });
    expect(seen.inputs).toMatch(/^sha256:/);
    expect(seen.parts[0]).toMatchObject({ rule: "check.fail", pending: false });
    const run = denied.checks[0]?.id ?? "";
    expect(seen.parts[0]?.leansOn).toMatchObject([{ kind: "check-run", id: run }]);
    expect(seen.parts[0]?.next).toContain(`tidelock check show ${denied.id} smoke`);
    const allowed = await story.promote("1.0.0", "production");
    expect(await story.plane.gates.explainLane(lane, undefined)).toMatchObject({
      promotion: allowed.id,
      outcome: "allow",
      summary: "allowed at its gate",
    });
    const preview = await story.plane.gates.explainLane(lane, "1.0.0");
    expect(preview).toMatchObject({ about: "preview", outcome: "wait", state: "live" });
    expect(preview.parts[0]).toMatchObject({ rule: "check.missing", pending: true, next: null });
    expect(preview.live).toMatchObject({
      promotion: allowed.id,
      decided: { outcome: "allow" },
      today: { outcome: "allow", against: [] },
    });
    const release = { service: "shop", release: "1.0.0" };
    await story.plane.stops.ban(operator, release, "it loses orders");
    const banned = await story.plane.gates.explainLane(lane, undefined);
    expect(banned).toMatchObject({ outcome: "allow", state: "complete" });
    expect(banned.live?.today).toMatchObject({ outcome: "deny" });
    expect(banned.live?.today.against[0]).toContain("is banned since");
    const anew = await story.plane.gates.explainLane(lane, "1.0.0");
    expect(anew.parts[0]).toMatchObject({ rule: "release.banned" });
    expect(anew.parts[0]?.next).toContain("tidelock release unban S-1");
    const [listed] = await story.plane.listReleases({ service: "shop", limit: 5 });
    expect(listed?.banned).toMatchObject({ id: "S-1", reason: "it loses orders" });
  }, 90_000);

  it("beforehand by the plan: requirements that nothing shows, and what is this promotion's to show", async () => {
    const shownBy = (id: string, more = "") =>
      `{ id: ${id}, text: t, environments: [production], satisfiedBy: [{ uses: staged${more} }] }`;
    const requirements = `  requirements: [${shownBy("R-here")}, ${shownBy("R-dev", ", in: [dev]")}]\n`;
    await story.plane.applyDocuments(
      operator,
      "t.yaml",
      `${documents().trimEnd()}\n${requirements}`,
    );
    await story.promote("1.0.0", "dev");
    const { decision, gate } = await story.plane.plan({ ...lane, release: "1.0.0" });
    expect(decision.outcome).toBe("allow");
    expect(gate?.outcome).toBe("deny");
    const said = gate?.parts.map(({ rule, pending, message }) => [rule, pending, message]);
    expect(said).toContainEqual(["requirement", false, expect.stringContaining("R-dev")]);
    expect(said).toContainEqual(["requirement", true, expect.stringContaining("R-here")]);
    const of = { service: "shop", release: "1.0.0" };
    const states = ({ environments }: RequirementReport) =>
      environments.flatMap((one) =>
        one.items.map(({ id, state }) => [one.environment, one.about, id, state]),
      );
    expect(states(await story.plane.gates.requirements(of))).toEqual([
      ["production", "now", "R-here", "not-run"],
      ["production", "now", "R-dev", "not-run"],
    ]);
    const denied = await story.promote("1.0.0", "production");
    expect(denied.decision?.outcome).toBe("deny");
    const report = await story.plane.gates.requirements({ promotion: denied.id });
    expect(states(report)).toEqual([
      ["production", "decision", "R-here", "pass"],
      ["production", "decision", "R-dev", "not-run"],
    ]);
    expect(report.counts).toEqual({ pass: 1, fail: 0, notRun: 1 });
    // As the gate said it.
    const gateSaid = denied.decision?.reasons.filter(({ rule }) => rule === "requirement");
    expect(gateSaid?.map(({ outcome, message }) => [outcome, message])).toEqual([
      ["deny", `requirement R-dev (t): ${report.environments[0]?.items[1]?.why}`],
      ["allow", "requirement R-here is met: t"],
    ]);
  }, 90_000);
});

it("is what an environment asks, and who asks for it", async () => {
  const floor =
    "  floor: { gate: strict, checks: [{ name: deep, uses: staged }], minimumSoak: 5m }";
  await story.plane.applyDocuments(operator, "t.yaml", documents({ floor }));
  const seen = await story.plane.gates.show("production", "shop");
  expect(seen.demands.map(({ what, name, from }) => [what, name, from])).toEqual([
    ["preset", "strict", "floor"],
    ["check", "deep", "floor"],
    ["check", "smoke", "pipeline"],
    ["predecessor", "dev", "pipeline"],
    ["soak", null, "floor"],
    ["isolation", "separate-user", "preset"],
  ]);
  const everybody = await story.plane.gates.show("production", undefined);
  expect(everybody.demands.map(({ name }) => name)).not.toContain("smoke");
  await expect(story.plane.gates.show("nowhere", undefined)).rejects.toMatchObject({
    code: "not-found",
  });
});
