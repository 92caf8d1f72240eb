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
import { LateChecks } from "./late-checks.ts";

const dev = { service: "shop", environment: "dev", release: "1.0.0" };
const demand = "{name: sast, uses: staged, phase: static, outOfBand: true}";
let bench: EngineBench;
let worker: Worker;
let late: LateChecks;
let atPoint: ((point: string) => Promise<void>) | null;

beforeEach(async () => {
  bench = await EngineBench.create();
  atPoint = null;
  worker = bench.worker({ hooks: { reach: async (point) => atPoint?.(point) } });
  late = new LateChecks(worker.engine);
});
afterEach(async () => {
  await late.stop();
  await bench.close();
});

async function begin(more = ""): Promise<string> {
  const { controlPlane } = worker;
  const text = documents({ dev: `      checks: [${demand}]\n${more}` });
  await controlPlane.applyDocuments(operator, "t.yaml", text);
  for (const version of ["0.9.0", "1.0.0"]) {
    await controlPlane.createRelease(operator, makeRelease(bench, version));
  }
  const old = await controlPlane.promote(operator, { ...dev, release: "0.9.0" });
  expect((await ended(controlPlane, old.id)).state).toBe("complete");
  await settled(old.id);
  return (await controlPlane.promote(operator, dev)).id;
}

/** 1.0.0, whose check has not answered yet, was followed by 1.1.0, and is live again by a rollback. */
async function heldThenBack(): Promise<string> {
  const id = await begin("      onLateFailure: return");
  const { controlPlane } = worker;
  expect((await ended(controlPlane, id)).state).toBe("complete");
  await controlPlane.createRelease(operator, makeRelease(bench, "1.1.0"));
  const next = await controlPlane.promote(operator, { ...dev, release: "1.1.0" });
  expect((await ended(controlPlane, next.id)).state).toBe("complete");
  const lane = { service: dev.service, environment: dev.environment };
  const back = await controlPlane.rollback(operator, lane, { reason: "prices are wrong" });
  expect((await ended(controlPlane, back.id)).release.version).toBe("1.0.0");
  return id;
}

/** Looks until the answer of the promotion's out-of-band check was weighed. */
async function settled(promotion: string, by = late): Promise<void> {
  await until(
    async () => {
      await by.look();
      return bench.database.db
        .selectFrom("check_runs")
        .select("weighed_at")
        .where("promotion", "=", promotion)
        .execute();
    },
    (rows) => rows.some(({ weighed_at }) => weighed_at !== null),
  );
}

describe("a check out of band", () => {
  it("is waited for by nobody, and a bad answer that comes late opens the decision again", async () => {
    const id = await begin();
    const { controlPlane } = worker;
    expect((await ended(controlPlane, id)).state).toBe("complete");
    bench.staged.verdicts = ["fail"];
    await settled(id);
    const view = await controlPlane.showPromotion(id);
    expect(view.checks[0]?.report?.verdict).toBe("fail");
    expect(view.decision).toMatchObject({ outcome: "deny" });
    const marked = await bench.database.db
      .selectFrom("deployments")
      .select("revoked_reason")
      .where("promotion", "=", id)
      .execute();
    expect(marked).toEqual([{ revoked_reason: "check sast came late: fail: staged fail" }]);
    // Users stay where they are unless the pipeline says otherwise.
    expect(bench.host.live("shop/dev")).toBe("green");
  });

  it("is heard by a gate that had decided without it and not yet written that down", async () => {
    const { db } = bench.database;
    let decided = 0;
    atPoint = async (point) => {
      if (point !== "gate:before-record") return;
      decided += 1;
      // The first is of the release before.
      if (decided !== 2) return;
      bench.staged.verdicts = ["fail"];
      await until(
        async () => {
          await late.look();
          return db
            .selectFrom("check_runs")
            .select("report")
            .orderBy("started_at", "desc")
            .executeTakeFirst();
        },
        (run) => Boolean(run?.report),
      );
    };
    const id = await begin();
    const view = await ended(worker.controlPlane, id);
    expect(view.state).toBe("failed");
    expect(view.message).toContain("staged fail");
    expect(decided).toBe(3);
    expect(bench.host.live("shop/dev")).toBe("blue");
  });

  it("gives the traffic back where the pipeline says so, and denies the release from then on", async () => {
    const id = await begin("      onLateFailure: return");
    const { controlPlane } = worker;
    await ended(controlPlane, id);
    expect(bench.host.live("shop/dev")).toBe("green");
    bench.staged.verdicts = ["fail"];
    await settled(id);
    await until(
      () => bench.host.live("shop/dev"),
      (colour) => colour === "blue",
    );
    const again = await controlPlane.promote(operator, dev);
    const view = await ended(controlPlane, again.id);
    expect(view.state).toBe("failed");
    expect(view.message).toContain("staged fail");
  });

  it("gives the traffic back where its release is live again by a rollback, and marks that one too", async () => {
    const id = await heldThenBack();
    const { controlPlane } = worker;
    // The check of 1.1.0 has not answered either.
    bench.staged.verdicts = ["fail", "fail"];
    await settled(id);
    const lane = await until(
      async () => (await controlPlane.status({ service: "shop" }))[0],
      (one) => one?.live?.version === "0.9.0",
    );
    expect(lane?.live?.version).toBe("0.9.0");
    const marked = await bench.database.db
      .selectFrom("deployments")
      .innerJoin("releases", "releases.id", "deployments.release")
      .select(["deployments.kind", "revoked_reason"])
      .where("releases.version", "=", "1.0.0")
      .orderBy("from_at")
      .execute();
    const revoked_reason = "check sast came late: fail: staged fail";
    expect(marked).toEqual([
      { kind: "promotion", revoked_reason },
      { kind: "rollback", revoked_reason },
    ]);
  });

  it("says so where there is nothing to give the traffic back to", async () => {
    const id = await heldThenBack();
    // Nothing else was ever good here.
    await bench.database.db
      .updateTable("deployments")
      .set({ revoked_at: new Date(), revoked_reason: "known to be worse" })
      .where("release", "in", (query) =>
        query.selectFrom("releases").select("id").where("version", "!=", "1.0.0"),
      )
      .execute();
    // The check of 1.1.0 has not answered either.
    bench.staged.verdicts = ["fail", "fail"];
    await settled(id);
    const events = await bench.database.db
      .selectFrom("events")
      .select("message")
      .where("promotion", "=", id)
      .where("kind", "=", "check.late")
      .execute();
    expect(events.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("the traffic could not be given back by itself"),
    );
    expect((await worker.controlPlane.status({ service: "shop" }))[0]?.live?.version).toBe("1.0.0");
  });

  it("is carried out by one of two servers that look at once", async () => {
    const id = await begin();
    await ended(worker.controlPlane, id);
    const before = bench.staged.runs.length;
    let release = (): void => undefined;
    bench.staged.hold = new Promise((resolve) => (release = resolve));
    await late.look();
    await until(
      () => bench.staged.runs.length,
      (count) => count === before + 1,
    );
    const other = new LateChecks(bench.worker().engine);
    await other.look();
    release();
    await settled(id);
    await other.stop();
    expect(bench.staged.runs).toHaveLength(before + 1);
  });

  it("is taken up by another server when the one that held it died", async () => {
    const id = await begin();
    await ended(worker.controlPlane, id);
    let release = (): void => undefined;
    bench.staged.hold = new Promise((resolve) => (release = resolve));
    await late.look();
    await until(
      () => bench.staged.runs.length,
      (count) => count === 2,
    );
    // As after kill -9: nobody prolongs what it held.
    await bench.database.db
      .updateTable("check_runs")
      .set({ holder: "a server that is gone", holder_until: new Date(0) })
      .where("promotion", "=", id)
      .execute();
    bench.staged.hold = undefined;
    bench.staged.verdicts = ["fail"];
    const other = new LateChecks(bench.worker().engine);
    await settled(id, other);
    // What the first one says now counts for nothing any more.
    release();
    await other.stop();
    expect(bench.staged.runs).toHaveLength(3);
    expect(new Set(bench.staged.runs).size).toBe(2);
    expect((await worker.controlPlane.showPromotion(id)).decision?.outcome).toBe("deny");
  });
});
