import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { ServiceSecurity } from "../../model/service-security.ts";
import type { Tracker } from "../../ports/tracker.ts";
import { verifyState } from "../ledger/verify-state.ts";
import { followTrackers } from "./follow.ts";

let bench: EngineBench;
let worker: Worker;
let issues: Map<string, { id: string; title: string; body: string; state: "open" | "done" }>;
let creations: number;
let broken: string | null;

/** A tracker that remembers, as the real ones do. */
const memory: Tracker = {
  id: "webhook",
  find: async (_settings, marker) => {
    const found = issues.get(marker);
    return found ? { ...found, url: null } : null;
  },
  create: async (_settings, { marker, title, body }) => {
    if (broken !== null) throw new Error(broken);
    creations += 1;
    const made = { id: String(creations), title, body, state: "open" as const };
    issues.set(marker, made);
    return { ...made, url: `https://tracker/${creations}` };
  },
  read: async (_settings, id) => {
    const found = [...issues.values()].find((one) => one.id === id);
    return { id, url: null, state: found?.state ?? "unknown" };
  },
};

beforeEach(async () => {
  issues = new Map();
  creations = 0;
  broken = null;
  bench = await EngineBench.create();
  bench.secrets.set("TRACKER_TOKEN", "x");
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  await worker.controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const tracker = {
    kind: "webhook",
    url: "http://127.0.0.1:1",
    token: { environment: "dev", secret: "TRACKER_TOKEN" },
  };
  await worker.controlPlane.security.set(
    operator,
    "shop",
    ServiceSecurity.parse({ owner: "sec", tracker }),
    0,
  );
  for (const [title, severity, status] of [
    ["old jquery", "medium", "open"],
    ["@everyone `x` <b> https://evil\u001b[2J see acme/shop#1", "low", "triaged"],
    ["urgent", "critical", "open"],
    ["gone", "low", "closed"],
  ]) {
    await sql`insert into findings (service, kind, rule, title, place, severity, severity_stated, status, first_seen)
      values ('shop', 'dependency', 'CVE-1', ${title}, '{"kind": "resource", "name": "x"}', ${severity}, true, ${status}, now())`.execute(
      bench.database.db,
    );
  }
});
afterEach(() => bench.close());

const follow = (hooks?: { reach(point: string): Promise<void> }) =>
  followTrackers({
    ...worker.engine,
    trackers: new Map([["webhook", memory]]),
    ...(hooks && { hooks }),
  });

const elapse = () =>
  sql`update tracked_issues set next_at = now() - interval '1 second'`.execute(bench.database.db);

const rows = () =>
  bench.database.db.selectFrom("tracked_issues").selectAll().orderBy("finding").execute();

describe("findings that are not urgent", () => {
  it("are written into the tracker once, with both entries, and the urgent and the ended are not", async () => {
    await follow();
    await follow();
    await elapse();
    await follow();
    expect(creations).toBe(2);
    expect([...issues.values()].map(({ title }) => title)).toEqual([
      "[F-1] medium: old jquery",
      "[F-2] low: (at)everyone 'x' ‹b› https:/ /evil\\x1b[2J see acme/shop 1",
    ]);
    const { rows: entries } = await sql<{ kind: string }>`
      select kind from ledger_entries where kind like 'issue.%' order by entry`.execute(
      bench.database.db,
    );
    expect(entries.map(({ kind }) => kind)).toEqual([
      "issue.wanted",
      "issue.wanted",
      "issue.opened",
      "issue.opened",
    ]);
  });

  it.each(["tracker:before-create", "tracker:created"])(
    "are there once when a server dies at %s",
    async (point) => {
      let died = false;
      const reach = async (at: string) => {
        if (at !== point || died) return;
        died = true;
        throw new Error("killed");
      };
      // A kill writes nothing down: what `trying` keeps is taken back.
      await follow({ reach });
      expect(died).toBe(true);
      await sql`update tracked_issues set state = 'wanted', problem = null`.execute(
        bench.database.db,
      );
      await elapse();
      await follow();
      expect(creations).toBe(2);
      expect((await rows()).map(({ state }) => state)).toEqual(["open", "open"]);
    },
  );

  it("are created by one of two servers", async () => {
    await Promise.all([follow(), follow()]);
    expect(creations).toBe(2);
  });

  it("wait with the tracker's own words when it refuses, and get there later", async () => {
    broken = "GitHub answered 401: Bad credentials";
    await follow();
    expect((await rows()).map(({ state, problem }) => [state, problem])).toEqual([
      ["wanted", broken],
      ["wanted", broken],
    ]);
    broken = null;
    await follow();
    expect(creations).toBe(0);
    await elapse();
    await follow();
    expect((await rows()).map(({ state, problem }) => [state, problem])).toEqual([
      ["open", null],
      ["open", null],
    ]);
  });

  it("are not closed by a closed issue, which is said", async () => {
    await follow();
    for (const issue of issues.values()) issue.state = "done";
    await elapse();
    await follow();
    expect((await rows()).map(({ state }) => state)).toEqual(["done", "done"]);
    const { rows: left } = await sql<{
      status: string;
    }>`select status from findings order by id`.execute(bench.database.db);
    expect(left.map(({ status }) => status)).toEqual(["open", "triaged", "open", "closed"]);
  });
});

describe("a token", () => {
  const at = (url: string | null) =>
    ServiceSecurity.parse({
      tracker: url && {
        kind: "webhook",
        url,
        token: { environment: "dev", secret: "TRACKER_TOKEN" },
      },
    });
  const say = async (url: string | null) => {
    const { security } = worker.controlPlane;
    const { version } = await security.show("shop");
    await security.set(operator, "shop", at(url), version);
  };
  const setSecret = (version: number) =>
    sql`insert into secrets (service, environment, name, version, key_id, sealed, created_by)
      values ('shop', 'dev', 'TRACKER_TOKEN', ${version}, 'k', '', 'operator')`.execute(
      bench.database.db,
    );

  it("is sent to no other address than the one it was given for, until it is set again", async () => {
    await setSecret(1);
    await follow();
    expect(creations).toBe(2);
    await sql`delete from tracked_issues`.execute(bench.database.db);
    issues.clear();
    // With the tracker taken away in between, or without.
    await say("http://127.0.0.1:2");
    await follow();
    await say(null);
    await say("http://127.0.0.1:3");
    await follow();
    expect(creations).toBe(2);
    expect(worker.notices.at(-1)).toContain("TRACKER_TOKEN was given for webhook at http");
    await setSecret(2);
    await follow();
    expect(creations).toBe(4);
  });
});

describe("what owners say of a service's security", () => {
  it("stands in the ledger with what it was before, and a longer term is announced", async () => {
    const said = ServiceSecurity.parse({ owner: "sec", sla: { critical: 900, low: null } });
    await worker.controlPlane.security.set(operator, "shop", said, 1);
    const { rows: entries } = await sql<{ payload: Record<string, unknown> }>`
      select payload from ledger_entries where kind = 'service.security-set' order by entry desc limit 1`.execute(
      bench.database.db,
    );
    expect(entries[0]?.payload).toMatchObject({
      before: { sla: { critical: 7 }, tracker: { kind: "webhook" } },
      content: { sla: { critical: 900 }, tracker: null },
    });
    const { rows: events } = await sql<{ message: string }>`
      select message from events where kind = 'service.security-set'`.execute(bench.database.db);
    expect(events.map(({ message }) => message)).toEqual([
      "operator: findings end within other times: critical 7 days -> 900 days, low 120 days -> no end",
    ]);
  });

  it("is refused when somebody else was quicker", async () => {
    const { security } = worker.controlPlane;
    const said = ServiceSecurity.parse({ owner: "other" });
    await expect(security.set(operator, "shop", said, 0)).rejects.toMatchObject({
      code: "conflict",
    });
    expect((await security.show("shop")).owner).toBe("sec");
    expect(await security.set(operator, "shop", said, 1)).toMatchObject({
      owner: "other",
      version: 2,
      sla: { critical: 7 },
    });
  });

  it("is found by `ledger verify --state` when it was changed behind the log", async () => {
    await bench.database.pool.query(
      `update service_security set content = jsonb_set(content, '{sla,critical}', '900')`,
    );
    expect(await verifyState(worker.engine.log, bench.database.db)).toMatchObject({
      ok: false,
      difference: { table: "service_security" },
    });
  });
});
