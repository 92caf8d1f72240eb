import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { verifyPack } from "../../audit/verify-pack.ts";
import { layout } from "../../model/layout.ts";
import { LateChecks } from "./late-checks.ts";
import { rescanLive, whyNow } from "./rescan.ts";

const dev = { service: "shop", environment: "dev" };
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
let bench: EngineBench;
let worker: Worker;
let late: LateChecks;

beforeEach(async () => {
  bench = await EngineBench.create();
  bench.extra.set("files", { ...bench.staged.check, id: "files", touch: "files" });
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  late = new LateChecks(worker.engine);
});
afterEach(async () => {
  await late.stop();
  await bench.close();
});

const checks =
  "      checks: [{ name: deps, uses: files, phase: static }, { name: smoke, uses: staged }]\n      rescan: 24h\n";

async function live(more = ""): Promise<string> {
  const { controlPlane } = worker;
  await controlPlane.applyDocuments(operator, "t.yaml", documents({ dev: `${checks}${more}` }));
  await controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const { id } = await controlPlane.promote(operator, { ...dev, release: "1.0.0" });
  expect((await ended(controlPlane, id)).state).toBe("complete");
  return id;
}

/** As if every run so far had ended this long ago. */
async function age(hours: number): Promise<void> {
  await sql`update check_runs set ended_at = ended_at - ${hours} * interval '1 hour',
    started_at = started_at - ${hours} * interval '1 hour'`.execute(bench.database.db);
}

const runs = () =>
  bench.database.db
    .selectFrom("check_runs")
    .select(["name", "attempt", "rescan", "report", "weighed_at"])
    .orderBy("started_at")
    .execute();

async function weighed(): Promise<void> {
  await until(
    async () => {
      await late.look();
      return runs();
    },
    (rows) => rows.every((run) => run.rescan === null || run.weighed_at !== null),
  );
}

describe("a check of what is live", () => {
  it("is run again when its time has come, once, however many servers look", async () => {
    await live();
    await rescanLive(worker.engine);
    expect((await runs()).map(({ name }) => name)).toEqual(["deps", "smoke"]);
    await age(25);
    const other = bench.worker().engine;
    await Promise.all([rescanLive(worker.engine), rescanLive(other), rescanLive(worker.engine)]);
    await rescanLive(other);
    expect((await runs()).slice(2)).toMatchObject([
      { name: "deps", attempt: 2, rescan: "schedule", report: null },
    ]);
    await weighed();
    expect((await runs())[2]).toMatchObject({ report: { verdict: "pass" } });
    await rescanLive(worker.engine);
    expect(await runs()).toHaveLength(3);
  });

  it("decides again and marks the release when it finds something", async () => {
    const id = await live();
    await age(25);
    await rescanLive(worker.engine);
    bench.staged.verdicts = ["fail"];
    await weighed();
    const view = await worker.controlPlane.showPromotion(id);
    expect(view.decision).toMatchObject({ outcome: "deny" });
    const [row] = await bench.database.db
      .selectFrom("deployments")
      .select("revoked_reason")
      .where("promotion", "=", id)
      .execute();
    expect(row?.revoked_reason).toBe("check deps was run again (schedule): fail: staged fail");
  });

  it("says nothing against what is live when it could not look, and tells that", async () => {
    const id = await live();
    await age(25);
    await rescanLive(worker.engine);
    bench.staged.verdicts = ["error"];
    await weighed();
    expect((await worker.controlPlane.showPromotion(id)).decision).toMatchObject({
      outcome: "allow",
    });
    const events = await bench.database.db
      .selectFrom("events")
      .select("message")
      .where("kind", "=", "check.late")
      .execute();
    expect(events[0]?.message).toContain("could not look again");
    // It rests, and is tried at the next turn.
    await rescanLive(worker.engine);
    expect(await runs()).toHaveLength(3);
    await age(25);
    await rescanLive(worker.engine);
    expect(await runs()).toHaveLength(4);
  });

  it("is run again once newer advisories were imported than it had decided by, and the pack about it verifies", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "tidelock-rescan-"));
    const info = bench.host.info();
    bench.host.info = () => ({ ...info, dataDir });
    bench.staged.report = { data: { osv: `${digest("a")} of 2026-01-01` } };
    await live();
    const folder = join(layout(dataDir).checkData, "advisories");
    mkdirSync(folder, { recursive: true });
    const imported = (letter: string) =>
      writeFileSync(join(folder, "current.json"), JSON.stringify({ digest: digest(letter) }));
    const { engine } = bench.worker({ settings: { rescanRetryMs: 0 } });
    imported("a");
    await rescanLive(engine);
    expect(await runs()).toHaveLength(2);
    imported("b");
    await rescanLive(engine);
    expect((await runs())[2]).toMatchObject({ name: "deps", rescan: `advisories ${digest("b")}` });
    bench.staged.verdicts = ["fail"];
    await weighed();
    const { zip } = await worker.controlPlane.exportPack(operator, {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [],
    });
    expect(verifyPack(zip, null).report.problems).toEqual([]);
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("is run again on what waits before its switch too, which moves on by the new answer alone", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "tidelock-rescan-"));
    const info = bench.host.info();
    bench.host.info = () => ({ ...info, dataDir });
    const folder = join(layout(dataDir).checkData, "advisories");
    mkdirSync(folder, { recursive: true });
    bench.staged.report = { data: { osv: `${digest("a")} of 2026-01-01` } };
    await worker.reconciler.stop();
    let stopped = false;
    const { controlPlane, engine } = bench.worker({
      settings: { rescanRetryMs: 0 },
      hooks: {
        reach: async (point) => {
          if (point !== "switch:begin" || stopped) return;
          stopped = true;
          await controlPlane.stops.stopLine(operator, "shop/dev", "wait");
        },
      },
    });
    await controlPlane.applyDocuments(operator, "t.yaml", documents({ dev: checks }));
    await controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
    const { id } = await controlPlane.promote(operator, { ...dev, release: "1.0.0" });
    await until(
      () => controlPlane.showPromotion(id),
      (view) => view.waiting?.reason.includes("the line") === true,
    );
    writeFileSync(join(folder, "current.json"), JSON.stringify({ digest: digest("b") }));
    await rescanLive(engine);
    expect((await runs())[2]).toMatchObject({ name: "deps", rescan: `advisories ${digest("b")}` });
    bench.staged.verdicts = ["fail"];
    const lates = new LateChecks(engine);
    await lates.look();
    const view = await ended(controlPlane, id);
    await lates.stop();
    expect(view.state).toBe("failed");
    expect(view.message).toContain("check deps: fail: staged fail");
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("belongs to what is live: nothing is run for a release that was replaced", async () => {
    const first = await live();
    await worker.controlPlane.createRelease(operator, makeRelease(bench, "1.1.0"));
    const { id } = await worker.controlPlane.promote(operator, { ...dev, release: "1.1.0" });
    await ended(worker.controlPlane, id);
    await age(25);
    await rescanLive(worker.engine);
    const { rows } = await sql<{ promotion: string }>`
      select promotion from check_runs where rescan is not null`.execute(bench.database.db);
    expect(rows).toEqual([{ promotion: id }]);
    expect(first).not.toBe(id);
  });
});

describe("when a check is due", () => {
  const report = { data: { osv: `${digest("a")} of today` } } as never;
  const hour = 3_600_000;

  it("is by its schedule or by newer advisories, and never while it rests", () => {
    const run = (ageMs: number, change = {}) => ({ uses: "advisories", report, ageMs, ...change });
    expect(whyNow(run(25 * hour), digest("a"), 24 * hour, 600_000)).toBe("schedule");
    expect(whyNow(run(23 * hour), digest("a"), 24 * hour, 600_000)).toBeNull();
    expect(whyNow(run(hour), digest("b"), null, 600_000)).toBe(`advisories ${digest("b")}`);
    expect(whyNow(run(60_000), digest("b"), null, 600_000)).toBeNull();
    expect(whyNow(run(hour), null, null, 600_000)).toBeNull();
    expect(whyNow(run(hour, { report: {} }), digest("a"), null, 600_000)).not.toBeNull();
    expect(whyNow(run(hour, { report: {}, uses: "sast" }), digest("a"), null, 600_000)).toBeNull();
    expect(whyNow(run(120_000), null, 60_000, 600_000)).toBe("schedule");
    const until = (validUntil: string) =>
      run(hour, {
        report: { ...(report as object), validUntil } as never,
        ended_at: new Date("2026-11-22T09:00:00Z"),
      });
    expect(whyNow(until("2026-11-22T09:59:59Z"), digest("a"), null, 600_000)).toBe("expired");
    expect(whyNow(until("2026-11-22T10:00:01Z"), digest("a"), null, 600_000)).toBeNull();
  });
});
