import { readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { documents, operator } from "../../../test/support/engine-bench.ts";
import { GateStory } from "../../../test/support/gate-story.ts";

let story: GateStory;

const shop = { "server.js": "serve()", "auth/login.js": "login()", "old.txt": "old" };

beforeEach(async () => {
  story = await GateStory.begin();
  await story.plane.applyDocuments(operator, "tidelock.yaml", documents());
}, 90_000);

afterEach(() => story.end());

describe("what a gate knows", () => {
  it("is, of a first release, that nothing is live, and null where nobody knows", async () => {
    const id = await story.release("1.0.0", shop);
    await story.promote("1.0.0", "dev");
    const facts = await story.lastFacts();
    expect(facts).toMatchObject({
      service: "shop",
      environment: { name: "dev", tier: "development" },
      colour: "blue",
      release: { digest: id, version: "1.0.0" },
      configuration: { changed: null },
      live: null,
      changes: null,
      sbom: null,
      evidence: { signedBy: [], provenance: false, sbom: false, attestations: [] },
      approvals: [],
      waivers: [],
    });
    expect(facts.release.createdBy).toMatch(/^person:/);
    expect(facts.findings).toMatchObject({ open: { total: 0 }, scannedBy: [], items: [] });
  });

  it("is, of a successor, what differs from what users have: files, settings, findings", async () => {
    const first = await story.release("1.0.0", shop);
    await story.configure("production", { COLOUR: "red", SIZE: "1" });
    await story.promote("1.0.0", "dev");
    await story.promote("1.0.0", "production");
    const { "old.txt": _gone, ...kept } = shop;
    await story.release("1.1.0", { ...kept, "auth/login.js": "login(2)", "new.txt": "new" });
    await story.configure("production", { COLOUR: "blue", SIZE: "1" });
    await story.report("1.1.0", "production", ["src/basket.js", "src/pay.js"]);
    await story.promote("1.1.0", "dev");
    expect(await story.promote("1.1.0", "production")).toMatchObject({ state: "complete" });
    const facts = await story.lastFacts();
    expect(facts.live).toMatchObject({ release: first, version: "1.0.0" });
    expect(facts.live?.sinceSeconds).toBeTypeOf("number");
    expect(facts.configuration.changed).toEqual(["COLOUR"]);
    expect(facts.changes).toEqual({
      paths: ["auth/login.js", "new.txt", "old.txt"],
      classes: ["authentication"],
    });
    expect(facts.checks["smoke"]).toMatchObject({ uses: "staged", verdict: "pass", requests: 1 });
    expect(facts.findings).toMatchObject({
      open: { total: 2, high: 2, knownExploited: null },
      new: { total: 2 },
      byKind: { code: { high: 2 } },
    });
    expect(facts.findings?.items?.map(({ rule, new: fresh }) => [rule, fresh])).toEqual([
      ["sqli", true],
      ["sqli", true],
    ]);
  }, 90_000);

  it("is null where bytes or rows are not what they were", async () => {
    await story.release("1.0.0", shop);
    await story.promote("1.0.0", "dev");
    const second = await story.release("1.1.0", { ...shop, "server.js": "serve(2)" });
    await story.report("1.1.0", "dev", ["src/basket.js"]);
    await story.bench.database.pool.query("update findings set severity = 'low'");
    const [artifact] = (await story.plane.showRelease("shop", second)).artifacts;
    const path = await story.bench.content.path(artifact?.digest ?? "sha256:");
    const bytes = await readFile(path);
    bytes.write("x", bytes.indexOf("serve(2)"));
    await writeFile(path, bytes);
    await story.promote("1.1.0", "dev");
    const facts = await story.lastFacts();
    expect(facts).toMatchObject({ changes: null, findings: null });
    expect(story.worker.notices.join("\n")).toContain("a gate knows nothing of findings");
  }, 90_000);
});
