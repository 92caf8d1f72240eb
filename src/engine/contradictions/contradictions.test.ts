import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  releaseId,
  until,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import {
  looksForFlaws,
  madeOf,
  type PublishedAdvisories,
} from "../../../test/support/published.ts";
import { Configuration } from "../../model/configuration.ts";
import { LateChecks } from "../check-runs/late-checks.ts";
import { verifyState } from "../ledger/verify-state.ts";
import { reevaluate } from "./reevaluate.ts";

const dev = { service: "shop", environment: "dev" };
let bench: EngineBench;
let worker: Worker;
let advisories: PublishedAdvisories;

beforeEach(async () => {
  bench = await EngineBench.create();
  advisories = looksForFlaws(bench);
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
});
afterEach(() => bench.close());

const checks = "      checks: [{ name: deps, uses: files, phase: static }]\n";
const bad = {
  advisory: "GHSA-1",
  name: "lodash",
  score: 9.8,
  fixedIn: "4.17.21",
  aliases: ["CVE-2026-1"],
};

async function registered(more = "", floor = ""): Promise<void> {
  await worker.controlPlane.applyDocuments(
    operator,
    "t.yaml",
    documents({ dev: `${checks}${more}`, floor }),
  );
}

async function live(version: string, packages: readonly string[]): Promise<string> {
  const { controlPlane } = worker;
  const release = makeRelease(bench, version);
  await controlPlane.createRelease(operator, release);
  await madeOf(bench.database.db, releaseId(release), packages);
  const { id } = await controlPlane.promote(operator, { ...dev, release: version });
  expect((await ended(controlPlane, id)).state).toBe("complete");
  return id;
}

const events = async (kind: string) =>
  (
    await bench.database.db
      .selectFrom("events")
      .select("message")
      .where("kind", "=", kind)
      .orderBy("written")
      .execute()
  ).map(({ message }) => message);

const deployments = () =>
  bench.database.db
    .selectFrom("deployments")
    .select(["contradicted_reason", "until_at"])
    .orderBy("id")
    .execute();

const decisions = (promotion: string) =>
  bench.database.db
    .selectFrom("decisions")
    .select(["step", "decision"])
    .where("promotion", "=", promotion)
    .orderBy("step")
    .execute();

describe("an advisory about what is live", () => {
  it("has the gate decide again, and calls the release contradicted where its check would not pass any more", async () => {
    await registered();
    const id = await live("1.0.0", ["lodash@4.17.20", "left-pad@1.0.0"]);
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    const made = await decisions(id);
    expect(made.at(-1)).toMatchObject({ step: 10_001, decision: { outcome: "deny" } });
    const [reason] = made.at(-1)?.decision.reasons ?? [];
    expect(reason?.rule).toBe("check.contradicted");
    expect(reason?.message).toContain("GHSA-1 (critical) in npm lodash 4.17.20");
    expect((await deployments())[0]?.contradicted_reason).toContain("repaired in 4.17.21");
    expect(await events("release.contradicted")).toHaveLength(1);
    // Again it is no news.
    await reevaluate(worker.engine);
    expect(await events("release.contradicted")).toHaveLength(1);
    expect(await decisions(id)).toHaveLength(made.length);
    expect(await verifyState(worker.engine.log, bench.database.db)).toMatchObject({ ok: true });
  });

  it("says nothing of a release without the package, in a repaired version, or below what fails its check", async () => {
    await registered();
    await live("1.0.0", ["lodash@4.17.21", "left-pad@1.0.0"]);
    advisories.publish([bad, { advisory: "GHSA-2", name: "left-pad", score: 3 }]);
    await reevaluate(worker.engine);
    expect((await deployments())[0]?.contradicted_reason).toBeNull();
    const places = await bench.database.db.selectFrom("cause_places").select("result").execute();
    expect(places).toEqual([{ result: "stands" }]);
  });

  it("lets the release stand again once it is withdrawn", async () => {
    await registered();
    await live("1.0.0", ["lodash@4.17.20"]);
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    advisories.publish([]);
    await reevaluate(worker.engine);
    expect((await deployments())[0]?.contradicted_reason).toBeNull();
    expect(await events("release.stands-again")).toHaveLength(1);
  });

  it("is seen by rules over findings, beside what scans have found", async () => {
    await registered("      rules: [{ name: none, require: findings.open.critical == 0 }]\n");
    const id = await live("1.0.0", ["lodash@4.17.20"]);
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    const denied = (await decisions(id)).at(-1)?.decision.reasons.filter(({ outcome }) => outcome === "deny"); // prettier-ignore
    expect(denied?.map(({ rule }) => rule)).toEqual(["check.contradicted", "rule.none"]);
  });

  it("keeps what is contradicted from the next environment, and from its own gate", async () => {
    await registered();
    await live("1.0.0", ["lodash@4.17.20"]);
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    const { id } = await worker.controlPlane.promote(operator, {
      service: "shop",
      environment: "production",
      release: "1.0.0",
    });
    const view = await ended(worker.controlPlane, id);
    expect(view.state).toBe("failed");
    expect(view.message).toContain("dev has not verified this release");
  });
});

describe("what is asked for when what is live is contradicted", () => {
  it("stops the line, once, where it says hold", async () => {
    await registered("      onContradiction: hold\n");
    await live("1.0.0", ["lodash@4.17.20"]);
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    advisories.publish([bad, { ...bad, advisory: "GHSA-3" }]);
    await reevaluate(worker.engine);
    const stops = await worker.controlPlane.stops.list({ cleared: true });
    expect(stops).toMatchObject([{ scope: "shop/dev", by: "tidelock" }]);
    expect(stops[0]?.reason).toContain("what is live is contradicted");
  });

  it("gives the traffic back to what is known to be better", async () => {
    await registered("      onContradiction: return\n");
    await live("1.0.0", ["lodash@4.17.21"]);
    await live("1.1.0", ["lodash@4.17.20"]);
    expect(bench.host.live("shop/dev")).toBe("green");
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    await until(
      () => bench.host.live("shop/dev"),
      (colour) => colour === "blue",
    );
    expect((await worker.controlPlane.status({ service: "shop" }))[0]?.live?.version).toBe("1.0.0");
  });

  it("says so where what is live cannot be decided again, and takes it for nothing", async () => {
    await registered("");
    await live("1.0.0", ["lodash@4.17.20"]);
    await sql`delete from decision_inputs`.execute(worker.engine.db);
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    const { rows } = await sql<{ message: string }>`
      select message from events where kind = 'release.unknown'`.execute(worker.engine.db);
    expect(rows.map(({ message }) => message).join()).toContain("cannot be decided again");
    const known = await sql`select handled from incidents`.execute(worker.engine.db);
    expect(known.rows).toMatchObject([{ handled: expect.stringContaining("unknown") }]);
  });

  it("takes it from users where nothing better stands, stops the line, and gives them what is promoted then", async () => {
    await registered("      onContradiction: isolate\n");
    await live("1.0.0", ["lodash@4.17.19"]);
    await live("1.1.0", ["lodash@4.17.20"]);
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    expect(bench.host.lanes.get("shop/dev")?.route?.weights).toEqual({ blue: 0, green: 0 });
    const [stop] = await worker.controlPlane.stops.list({ cleared: false });
    expect(stop?.reason).toContain("both are bad");
    expect(stop?.reason).toContain("isolated");
    await reevaluate(worker.engine);
    await worker.controlPlane.stops.clear(operator, stop!.id, "repaired in 1.2.0");
    await live("1.2.0", ["lodash@4.17.21"]);
    expect(bench.host.live("shop/dev")).not.toBeNull();
    expect(await worker.controlPlane.ledger.verifyState()).toMatchObject({ ok: true });
  });

  it("takes it from users although a promotion waits there, which it ends", async () => {
    await registered("      onContradiction: isolate\n");
    await live("1.0.0", ["lodash@4.17.20"]);
    const { controlPlane } = worker;
    const { id: stopped } = await controlPlane.stops.stopLine(
      operator,
      "shop/dev",
      "we look at it",
    );
    await controlPlane.createRelease(operator, makeRelease(bench, "1.1.0"));
    const { id } = await controlPlane.promote(operator, { ...dev, release: "1.1.0" });
    await until(
      () => controlPlane.showPromotion(id),
      ({ waiting }) => waiting !== null,
    );
    advisories.publish([bad]);
    await until(
      async () => {
        await reevaluate(worker.engine);
        return bench.host.lanes.get("shop/dev")?.route?.weights;
      },
      (weights) => weights?.blue === 0 && weights.green === 0,
    );
    expect((await ended(controlPlane, id)).state).toBe("aborted");
    expect(await controlPlane.stops.list({ cleared: false })).toMatchObject([{ id: stopped }]);
  });

  it("stops the line where both are bad, and leaves users where they are", async () => {
    await registered("      onContradiction: return\n");
    await live("1.0.0", ["lodash@4.17.19"]);
    await live("1.1.0", ["lodash@4.17.20"]);
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    expect(bench.host.live("shop/dev")).toBe("green");
    const [stop] = await worker.controlPlane.stops.list({ cleared: false });
    expect(stop?.reason).toContain("both are bad");
    // People may go back all the same: neither is known to be worse than the other.
    const back = await worker.controlPlane.rollback(operator, dev, { reason: "it is slow" });
    expect((await ended(worker.controlPlane, back.id)).state).toBe("complete");
    expect((await deployments()).at(-1)?.contradicted_reason).toContain("GHSA-1");
  });
});

/** As after the time for which it stands ready. */
async function retired(): Promise<void> {
  const none = {
    old_colour: null,
    old_release: null,
    old_configuration: null,
    old_promotion: null,
  };
  await bench.database.db.updateTable("lanes").set(none).execute();
}

describe("a return of what is contradicted", () => {
  const stopped = () => worker.controlPlane.stops.list({ cleared: true });
  const versions = async () =>
    (await worker.controlPlane.status({ service: "shop" })).map(({ live: now }) => now?.version);

  it("stops the line where it fails, and is not tried for ever", async () => {
    await registered("      onContradiction: return\n");
    await live("1.0.0", ["lodash@4.17.21"]);
    await live("1.1.0", ["lodash@4.17.20"]);
    await retired();
    bench.host.behaviours.set("shop@1.0.0", "crashes");
    advisories.publish([bad]);
    const [stop] = await until(
      async () => {
        await reevaluate(worker.engine);
        return stopped();
      },
      (stops) => stops.length > 0,
    );
    expect(stop?.reason).toContain("the return failed");
    await reevaluate(worker.engine);
    const tried = await bench.database.db
      .selectFrom("promotions")
      .select("id")
      .where("kind", "=", "rollback")
      .execute();
    expect(tried).toHaveLength(1);
    expect(await versions()).toContain("1.1.0");
  });

  it("goes to the configuration that was good, of the very release that is contradicted with another one", async () => {
    await registered("      onContradiction: return\n");
    await live("1.0.0", []);
    const other = {
      kind: "Configuration",
      formatVersion: 1,
      ...dev,
      values: { MODE: "new" },
      secrets: {},
    };
    await worker.controlPlane.applyConfiguration(operator, Configuration.parse(other));
    const { id } = await worker.controlPlane.promote(operator, { ...dev, release: "1.0.0" });
    expect((await ended(worker.controlPlane, id)).state).toBe("complete");
    await retired();
    const { db } = bench.database;
    const [first, second] = await db.selectFrom("deployments").selectAll().orderBy("id").execute();
    expect(second?.configuration).not.toBe(first?.configuration);
    await db
      .updateTable("deployments")
      .set({ contradicted_at: new Date(), contradicted_reason: "it leaks" })
      .where("id", "=", second?.id ?? "")
      .execute();
    await db
      .insertInto("incidents")
      .values({
        deployment: second?.id ?? "",
        cause: "check/1",
        live: true,
        handled: null,
        handled_at: null,
      })
      .execute();
    const rows = await until(
      async () => {
        await reevaluate(worker.engine);
        return db.selectFrom("deployments").selectAll().orderBy("id").execute();
      },
      (all) => all.length === 3,
    );
    expect(rows[2]).toMatchObject({ kind: "rollback", configuration: first?.configuration });
    expect(await stopped()).toEqual([]);
  });

  it("leaves the line stopped where the environment's owners ask to hold it, whatever the service's file asks for", async () => {
    await registered("      onContradiction: return\n");
    const owned = documents({ dev: `${checks}      onContradiction: return\n` }).replace(
      "tier: development\n",
      "tier: development\n  floor: { onContradiction: hold }\n",
    );
    await worker.controlPlane.applyDocuments(operator, "t.yaml", owned);
    await live("1.0.0", ["lodash@4.17.21"]);
    await live("1.1.0", ["lodash@4.17.20"]);
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    await until(versions, (all) => all.includes("1.0.0"));
    await reevaluate(worker.engine);
    expect(await stopped()).toMatchObject([{ scope: "shop/dev", by: "tidelock" }]);
    const open = await bench.database.db
      .selectFrom("incidents")
      .select("deployment")
      .where("handled_at", "is", null)
      .execute();
    expect(open).toEqual([]);
  });
});

describe("deciding again", () => {
  it("goes on with the others where one release cannot be decided about, and says so", async () => {
    await registered("      onContradiction: hold\n");
    const first = await live("1.0.0", ["lodash@4.17.20"]);
    const second = await live("1.1.0", ["lodash@4.17.20"]);
    const { db } = bench.database;
    // Both are gathered anew, and of one something is asked that cannot be answered now.
    await sql`update check_runs set ended_at = clock_timestamp()`.execute(db);
    advisories.publish([bad]);
    const { agentInfo } = worker.engine;
    let asked = 0;
    const failing = () => {
      asked += 1;
      if (asked === 2) throw new Error("the disk says no");
      return agentInfo();
    };
    await reevaluate({ ...worker.engine, agentInfo: failing });
    expect((await deployments()).map((one) => one.contradicted_reason === null).sort()).toEqual([
      false,
      true,
    ]);
    expect(worker.notices.join("; ")).toContain("cannot be decided again yet: ");
    await reevaluate(worker.engine);
    const found = await db
      .selectFrom("deployments")
      .select(["promotion", "contradicted_reason"])
      .orderBy("id")
      .execute();
    expect(found.map(({ promotion }) => promotion)).toEqual([first, second]);
    for (const one of found) expect(one.contradicted_reason).toContain("GHSA-1");
    expect(await worker.controlPlane.stops.list({ cleared: false })).toHaveLength(1);
  });
});

describe("what came after a decision, beside advisories", () => {
  it("contradicts what is live when the key that signed its evidence is compromised", async () => {
    await registered();
    await live("1.0.0", []);
    const key = await bench.database.db
      .selectFrom("ledger_keys")
      .select("key_id")
      .where("use", "=", "evidence")
      .executeTakeFirstOrThrow();
    await worker.engine.log.keys.compromise("operator", key.key_id, 0);
    await reevaluate(worker.engine);
    expect((await deployments())[0]?.contradicted_reason).toContain("check deps: no verdict");
    await reevaluate(worker.engine);
    expect(await events("release.contradicted")).toHaveLength(1);
  });

  it("lets a release stand again that its check has looked at again", async () => {
    await registered();
    const id = await live("1.0.0", ["lodash@4.17.20"]);
    advisories.publish([bad]);
    await reevaluate(worker.engine);
    const late = new LateChecks(worker.engine);
    const run = await bench.database.db
      .selectFrom("check_runs")
      .selectAll()
      .where("promotion", "=", id)
      .executeTakeFirstOrThrow();
    const { report: _, started_at: __, ended_at: ___, ...again } = run;
    await bench.database.db
      .insertInto("check_runs")
      .values({
        ...again,
        id: `${run.promotion}/${run.step}/deps/2`,
        attempt: 2,
        out_of_band: true,
        rescan: "advisories x",
      }) // prettier-ignore
      .execute();
    await until(
      async () => {
        await late.look();
        await reevaluate(worker.engine);
        return deployments();
      },
      ([one]) => one?.contradicted_reason === null,
    );
    await late.stop();
    expect(await events("release.stands-again")).toHaveLength(1);
  });

  it("notices a report about a release once, and decides what is live of it again", async () => {
    await registered();
    await live("1.0.0", []);
    const { db } = bench.database;
    const { id: release } = await db.selectFrom("releases").select("id").executeTakeFirstOrThrow();
    const report = (id: string, at: Date) =>
      db
        .insertInto("finding_imports")
        .values({
          id,
          service: "shop",
          environment: null,
          release,
          scope: "s",
          subject: "s",
          format: "sarif",
          tool: "semgrep",
          tool_version: "1",
          trust: "own",
          vouched_by: null,
          check_run: null,
          report_digest: release,
          report_bytes: 1,
          complete: true,
          missing: "",
          made_at: null,
          observations: 0,
          opened: 0,
          reopened: 0,
          matched: 0,
          unseen: 0,
          claims: 0,
          at,
          added_by: "operator",
        })
        .execute();
    await report("i1", new Date());
    await report("i2", new Date(Date.now() - 7_200_000));
    await reevaluate(worker.engine);
    await reevaluate(worker.engine);
    const causes = await db.selectFrom("causes").select("id").orderBy("id").execute();
    expect(causes.map(({ id }) => id)).toEqual(["import/i1", "import/i2"]);
    const places = await db.selectFrom("cause_places").select("result").execute();
    expect(places).toHaveLength(2);
    const marks = await db
      .selectFrom("cause_marks")
      .selectAll()
      .where("kind", "=", "imports")
      .execute();
    expect(marks).toEqual([{ kind: "imports", mark: "2" }]);
  });
});
