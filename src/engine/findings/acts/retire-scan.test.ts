import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../../test/support/engine-bench.ts";
import { consentBy, enrol, type Somebody } from "../../../../test/support/findings.ts";
import type { ProposalView } from "../../../api/views/finding.ts";
import type { ControlPlane } from "../../../ports/control-plane.ts";
import { verifyState } from "../../ledger/verify-state.ts";
import { settleFindings } from "../settle.ts";

/** A scanner that was thrown out: nobody looks again, so nothing of what it saw is ever missed. */

let bench: EngineBench;
let plane: ControlPlane;
let alice: Somebody;
let bob: Somebody;

beforeEach(async () => {
  bench = await EngineBench.create();
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
  await plane.createRelease({ id: "builder" }, makeRelease(bench, "1.0.0"));
  alice = await enrol(plane, "alice");
  bob = await enrol(plane, "bob");
  await take("old", ["only.js", "both.js"]);
  await take("new", ["both.js"]);
}, 60_000);

afterEach(() => bench.close());

function take(scan: string, files: readonly string[]) {
  const results = files.map((uri) => ({
    ruleId: "sqli",
    level: "error",
    message: { text: "input reaches a query" },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: 3 } } }],
  }));
  const runs = [{ tool: { driver: { name: "scanner", version: "1" } }, results }];
  const report = Buffer.from(JSON.stringify({ version: "2.1.0", runs }));
  return plane.findings.importReport(
    operator,
    "shop",
    { scan, release: "1.0.0" },
    (async function* () {
      yield report;
    })(),
  );
}

async function statuses(): Promise<Readonly<Record<string, string>>> {
  const { items } = await plane.findings.list({ service: "shop", status: "any" }, { limit: 50 });
  return Object.fromEntries(items.map(({ place, status }) => ["path" in place ? place.path : "", status])); // prettier-ignore
}

async function propose(): Promise<ProposalView> {
  const { proposal } = await plane.findings.act(operator, "F-1", {
    kind: "retire-scan",
    reason: "the new one replaced it",
  });
  if (!proposal) throw new Error("nothing was proposed");
  return proposal;
}

const sign = async (who: Somebody, proposal: ProposalView) =>
  plane.findings.consent(operator, proposal.id, await consentBy(who, proposal));

async function holds() {
  const { engine } = bench.workers[0]!;
  return verifyState(engine.log, engine.db);
}

it("closes what a retired scan alone saw when two people have signed it, until something names it again", async () => {
  const proposal = await propose();
  expect(proposal.proposed.act).toMatchObject({
    scan: { tool: "scanner", subject: "old", sees: 2 },
  });
  await sign(alice, proposal);
  expect(await statuses()).toEqual({ "only.js": "open", "both.js": "open" });
  expect(await sign(bob, proposal)).toMatchObject({ state: "in-force" });
  expect(await statuses()).toEqual({ "only.js": "closed", "both.js": "open" });
  const shown = await plane.findings.show("F-1");
  expect(shown).toMatchObject({ closedAt: null, verified: null });
  expect(shown.history.at(-1)).toMatchObject({
    text: expect.stringContaining("two people retired the scan of scanner"),
    by: "alice and bob",
  });
  expect(await holds()).toMatchObject({ ok: true });
  // Live with the release in which the retired scan saw it: it does not come back by that.
  const { id } = await plane.promote(operator, { service: "shop", environment: "dev", release: "1.0.0" }); // prettier-ignore
  await ended(plane, id);
  const up = await plane.promote(operator, { service: "shop", environment: "production", release: "1.0.0" }); // prettier-ignore
  expect(await ended(plane, up.id)).toMatchObject({ state: "complete" });
  await settleFindings(bench.workers[0]!.engine);
  expect(await statuses()).toEqual({ "only.js": "closed", "both.js": "open" });
  await take("new", ["both.js", "only.js"]);
  expect(await statuses()).toEqual({ "only.js": "open", "both.js": "open" });
  expect(await holds()).toMatchObject({ ok: true });
  const { db } = bench.database;
  await db.updateTable("finding_scopes").set({ seen: true }).where("finding", "=", "1").execute();
  expect(await holds()).toMatchObject({ ok: false });
});

it("is refused for a scan that has seen something else since, and where nobody can tell which scan is meant", async () => {
  const proposal = await propose();
  await sign(alice, proposal);
  await take("old", ["only.js", "both.js", "third.js"]);
  await expect(sign(bob, proposal)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("the scan sees other findings"),
  });
  await expect(
    plane.findings.act(operator, "F-2", { kind: "retire-scan", reason: "gone" }),
  ).rejects.toMatchObject({ code: "invalid-input", message: "2 scans see F-2" });
  expect(await statuses()).toEqual({ "only.js": "open", "both.js": "open", "third.js": "open" });
});
