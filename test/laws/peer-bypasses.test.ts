import { sql } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { manual } from "../../src/checks/manual/index.ts";
import { LateChecks } from "../../src/engine/check-runs/late-checks.ts";
import { rescanLive } from "../../src/engine/check-runs/rescan.ts";
import { Configuration } from "../../src/model/configuration.ts";
import type { ManualAnswers } from "../../src/model/manual-check.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import { documents, ended, EngineBench, makeRelease, operator, until, type Worker } from "../support/engine-bench.ts"; // prettier-ignore
import { asked, enrol, signedAnswer } from "../support/signed-answers.ts";

/**
 * Ways past the gates of other tools that are known and in use, each tried here: a verification that counts as passed
 * because its time is over, an approval by hand that skips verification, a release that stays eligible after a later
 * verification failed, a report that is not there and counts as clean, an approval that a second try takes with it.
 */

let bench: EngineBench;
let worker: Worker;
let plane: ControlPlane;
const dev = { service: "shop", environment: "dev", release: "1.0.0" };
const production = { ...dev, environment: "production" };

beforeEach(async () => {
  bench = await EngineBench.create();
  bench.extra.set("manual", manual);
  bench.extra.set("files", { ...bench.staged.check, id: "files", touch: "files" });
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
});
afterEach(() => bench.close());

async function apply(inDev: string, inProduction = ""): Promise<void> {
  const text = documents({ dev: inDev, production: inProduction });
  await plane.applyDocuments(operator, "t.yaml", text);
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
}

const promoted = async (wish: typeof dev) => ended(plane, (await plane.promote(operator, wish)).id);
const liveIn = (environment: string) => bench.host.live(`shop/${environment}`);

const signOff = "{ name: qa, uses: manual, with: { kind: checklist, role: qa, items: [{ id: basket, text: The basket works }] } }"; // prettier-ignore
const good: ManualAnswers = { kind: "checklist", items: [{ id: "basket", result: "pass" }] };

it("a verification that is still running when its time is over has not passed", async () => {
  let release = () => {};
  bench.staged.hold = new Promise<void>((resolve) => (release = resolve));
  await apply("      timeout: 1s\n      checks: [{ name: smoke, uses: staged, timeout: 1s }]");
  const view = await promoted(dev);
  release();
  expect(view.state).toBe("failed");
  expect(liveIn("dev")).toBeNull();
  // And no automatic way takes it on from there.
  expect((await promoted(production)).message).toContain("dev has not verified this release");
});

it("an approval by hand skips no verification", async () => {
  const maria = await enrol(plane, "maria@shop.example", "qa");
  bench.staged.verdicts = ["fail"];
  await apply(`      checks: [${signOff}, { name: smoke, uses: staged, needs: [qa] }]`);
  const { id } = await plane.promote(operator, dev);
  const view = await asked(plane, id);
  await plane.checks.answer(view.id, await signedAnswer(view, maria, good));
  const done = await ended(plane, id);
  expect(done.state).toBe("failed");
  expect(done.message).toContain("smoke");
  expect(liveIn("dev")).toBeNull();
});

it("a release is eligible no longer once a later verification of it has failed", async () => {
  await apply("      rescan: 1h\n      checks: [{ name: deps, uses: files, phase: static }]");
  expect((await promoted(dev)).state).toBe("complete");
  await sql`update check_runs set started_at = started_at - interval '2 hours', ended_at = ended_at - interval '2 hours'`.execute(bench.database.db); // prettier-ignore
  bench.staged.verdicts = ["fail"];
  await rescanLive(worker.engine);
  const late = new LateChecks(worker.engine);
  await until(
    async () => {
      await late.look();
      return bench.database.db.selectFrom("deployments").select("revoked_reason").execute();
    },
    (rows) => rows.some((row) => row.revoked_reason !== null),
  );
  await late.stop();
  const view = await promoted(production);
  expect(view.state).toBe("failed");
  expect(view.message).toContain("dev has not verified this release");
  expect(liveIn("production")).toBeNull();
});

it.each([
  ["says pass and has looked at nothing", { exercised: { requests: 0, assertions: 0, files: 0 } }],
  ["calls itself missing", { verdict: "missing" as const }],
  ["saw a part", { verdict: "partial" as const }],
])("a check whose report %s lets nothing through", async (_name, report) => {
  bench.staged.report = report;
  await apply("      checks: [{ name: smoke, uses: staged }]");
  expect((await promoted(dev)).state).toBe("failed");
  expect(liveIn("dev")).toBeNull();
});

it("a second try with another configuration takes no approval of the first with it", async () => {
  const maria = await enrol(plane, "maria@shop.example", "qa");
  bench.staged.verdicts = ["fail"];
  await apply(`      checks: [${signOff}, { name: smoke, uses: staged, needs: [qa] }]`);
  const first = await plane.promote(operator, dev);
  const view = await asked(plane, first.id);
  const answer = await signedAnswer(view, maria, good);
  await plane.checks.answer(view.id, answer);
  expect((await ended(plane, first.id)).state).toBe("failed");
  const { release: _release, ...lane } = dev;
  const values = { PRICE_TABLE: "2027" };
  await plane.applyConfiguration(operator, Configuration.parse({ kind: "Configuration", formatVersion: 1, ...lane, values })); // prettier-ignore
  const again = await plane.retry(operator, first.id);
  const askedAgain = await asked(plane, again.id);
  expect(askedAgain.id).not.toBe(view.id);
  await expect(plane.checks.answer(askedAgain.id, answer)).rejects.toMatchObject({
    fault: "operator",
  });
  expect(liveIn("dev")).toBeNull();
  await plane.abort(operator, again.id);
});
