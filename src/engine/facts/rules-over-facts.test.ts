import { afterEach, beforeEach, expect, it } from "vitest";
import { documents, ended, operator } from "../../../test/support/engine-bench.ts";
import { consentBy, enrol } from "../../../test/support/findings.ts";
import { GateStory } from "../../../test/support/gate-story.ts";

/** A gate's rules over what it knows, on a whole way through the engine. */

const rules = `      rules:
        - name: no-new-highs
          require: findings.new.critical == 0 && findings.new.high == 0
        - name: login-with-care
          require: live == null || !changes.paths.exists(path, path.startsWith("auth/"))
          because: who logs in how is changed on its own
        - name: one-at-a-time
          require: live == null || size(configuration.changed) <= 1`;

let story: GateStory;

beforeEach(async () => {
  story = await GateStory.begin();
  await story.plane.applyDocuments(operator, "tidelock.yaml", documents({ production: rules }));
}, 90_000);

afterEach(() => story.end());

async function toProduction(version: string) {
  await story.promote(version, "dev");
  const done = await story.promote(version, "production");
  const seen = await story.plane.gates.explain(done.id);
  const against = seen.parts.filter(({ outcome }) => outcome === "deny");
  return { state: done.state, seen, against, rules: against.map(({ rule }) => rule) };
}

it("deny by findings, files and settings, say what they read and what to do, and then allow", async () => {
  await story.configure("production", { COLOUR: "red", SIZE: "1" });
  await story.release("1.0.0", { "server.js": "serve()", "auth/login.js": "login()" });
  expect(await toProduction("1.0.0")).toMatchObject({ state: "complete", rules: [] });

  await story.release("1.1.0", { "server.js": "serve()", "auth/login.js": "login(2)" });
  await story.configure("production", { COLOUR: "blue", SIZE: "2" });
  await story.report("1.1.0", "production", ["src/basket.js"]);
  const denied = await toProduction("1.1.0");
  expect(denied).toMatchObject({
    state: "failed",
    rules: ["rule.login-with-care", "rule.no-new-highs", "rule.one-at-a-time"],
  });
  const [files, findings, settings] = denied.against;
  expect(files).toMatchObject({ from: "pipeline" });
  expect(files?.read).toContainEqual({ name: "changes.paths", value: "auth/login.js" });
  expect(findings?.read).toContainEqual({ name: "findings.new.high", value: "1" });
  expect(findings?.leansOn).toMatchObject([
    { kind: "import", text: "scanner, nobody vouches for it" },
  ]);
  expect(findings?.next).toContain("fix, judge or waive F-1 (high, sqli)");
  expect(settings?.read).toContainEqual({ name: "configuration.changed", value: "COLOUR, SIZE" });

  const [alice, bob] = [await enrol(story.plane, "alice"), await enrol(story.plane, "bob")];
  const { proposal } = await story.plane.findings.act(
    operator,
    "F-1" as never,
    {
      kind: "false-positive",
      reason: "it reads a constant",
      until: new Date(Date.now() + 86_400_000).toISOString(),
    } as never,
  );
  if (!proposal) throw new Error("nothing was proposed");
  for (const person of [alice, bob]) {
    await story.plane.findings.consent(operator, proposal.id, await consentBy(person, proposal));
  }
  await story.configure("production", { COLOUR: "blue", SIZE: "1" });
  await story.release("1.1.1", { "server.js": "serve(2)", "auth/login.js": "login()" });
  expect(await toProduction("1.1.1")).toMatchObject({ state: "complete", rules: [] });

  // What is live has the finding by nobody's scan that counts, so a return leans on none of it.
  const back = await story.plane.rollback(
    operator,
    { service: "shop", environment: "production" },
    { to: "1.0.0", reason: "drill" },
  );
  expect(back.kind).toBe("rollback");
}, 90_000);

it("lets anybody promote where the gate suffices, and asks nobody", async () => {
  await story.release("1.0.0", { "server.js": "serve()" });
  await story.promote("1.0.0", "dev");
  const asked = { service: "shop", release: "1.0.0", environment: "production" };
  const { id } = await story.plane.promote({ id: "a-developer" }, asked);
  expect(await ended(story.plane, id)).toMatchObject({
    state: "complete",
    createdBy: "a-developer",
  });
  const seen = await story.plane.gates.explain(id);
  expect(seen.parts.flatMap(({ leansOn }) => leansOn.map(({ kind }) => kind))).not.toContain(
    "answer",
  );
}, 90_000);
