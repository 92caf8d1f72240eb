import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { enrol, envelopeBy, type Somebody } from "../../../test/support/findings.ts";
import { byPasskey, enrolPasskey } from "../../../test/support/signed-by-passkey.ts";
import type { WaiverView } from "../../api/routes/waivers.ts";
import { vouchStatement } from "../../evidence/predicates/vouch.ts";
import { waiverStatement } from "../../evidence/predicates/waiver-consent.ts";
import type { Waived, WaiverWish } from "../../model/waiver.ts";
import { verifyPack } from "../../audit/verify-pack.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import { verifyState } from "../ledger/verify-state.ts";
import { expireWaivers } from "./expire.ts";
import { waiversFor } from "./held.ts";

let bench: EngineBench;
let worker: Worker;
let plane: ControlPlane;
let alice: Somebody;
let bob: Somebody;
let atPoint: ((point: string) => Promise<void>) | null;

const lane = { service: "shop", environment: "dev" };
const demand = "{name: sast, uses: staged, phase: static}";
const open = "  waivers: { longest: 30d, allowed: both }";

function text({ check = demand, policy = open, more = "" } = {}): string {
  return documents({ dev: `      checks: [${check}]\n${more}` }).replace(
    '"127.0.0.1:18081" } }',
    `"127.0.0.1:18081" } }\n${policy}`,
  );
}

beforeEach(async () => {
  bench = await EngineBench.create();
  atPoint = null;
  worker = bench.worker({ hooks: { reach: async (point) => atPoint?.(point) } });
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
  await plane.applyDocuments(operator, "t.yaml", text());
  await plane.createRelease({ id: "builder" }, makeRelease(bench, "1.0.0"));
  alice = await risky("alice");
  bob = await risky("bob");
}, 60_000);
afterEach(() => bench.close());

/** Somebody who may accept risks. */
async function risky(name: string, also: string[] = [], by = operator): Promise<Somebody> {
  const who = await enrol(plane, name, { judges: false, also, by });
  const right = "risks.accept";
  await plane.people.grant(by, { name, right, service: null, environment: null });
  return who;
}

const days = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString();

function wish(change: Partial<WaiverWish> = {}): WaiverWish {
  return {
    ...lane,
    of: { kind: "check", check: "sast", verdicts: ["fail"] },
    reason: "no way around it yet",
    control: "a rule of the firewall",
    owner: "maria",
    until: days(10),
    ...change,
  };
}

async function sign(view: WaiverView, who: Somebody, change: Partial<Waived> = {}) {
  const statement = waiverStatement({ ...view.waived, ...change }, who.person);
  return plane.waivers.sign(operator, view.id, await envelopeBy(who.key, statement));
}

async function accepted(change: Partial<WaiverWish> = {}): Promise<WaiverView> {
  const view = await plane.waivers.propose(operator, wish(change));
  await sign(view, alice);
  return sign(view, bob);
}

/** Fails, with one hit. */
async function promoted(verdict: "fail" | "pass" | "error" = "fail", hits = ["eval at a.js"]) {
  bench.staged.verdicts = [verdict];
  bench.staged.report = {
    results: hits.map((name) => ({ name, verdict: "fail" as const, message: "" })),
  };
  const { id } = await plane.promote(operator, { ...lane, release: "1.0.0" });
  return ended(plane, id);
}

/** The check says so of this release; the promotion ends. */
async function fails(release: string) {
  bench.staged.verdicts = ["fail"];
  bench.staged.report = { results: [{ name: "eval at a.js", verdict: "fail", message: "" }] };
  const { id } = await plane.promote(operator, { ...lane, release });
  return ended(plane, id);
}

const liveReason = (view: Awaited<ReturnType<typeof promoted>>) =>
  view.decision?.reasons.find(({ rule }) => rule === "check.waived")?.message;

async function notices(kind: string): Promise<string[]> {
  const rows = await bench.database.db
    .selectFrom("events")
    .select("message")
    .where("kind", "=", kind)
    .execute();
  return rows.map(({ message }) => message);
}

describe("a check that fails", () => {
  it("is let through when two people accepted just that, until somebody withdraws it", async () => {
    expect((await promoted()).state).toBe("failed");
    const view = await accepted();
    expect(view).toMatchObject({ state: "in-force", holds: true });
    const done = await promoted();
    expect(done).toMatchObject({ state: "complete", decision: { outcome: "allow" } });
    expect(liveReason(done)).toContain(`check sast: fail: staged fail; accepted by ${view.id}`);
    expect(done.checks[0]?.report?.verdict).toBe("fail");
    await plane.waivers.withdraw(operator, view.id, "repaired otherwise");
    const of = { kind: "release" as const, service: "shop", release: "1.0.0", seen: [] };
    const { report } = verifyPack((await plane.exportPack(operator, of)).zip, null);
    expect(report.problems).toEqual([]);
    expect(report.checks.find(({ id }) => id === "waivers")).toMatchObject({ count: 2 });
    // What is live and leaned on it was decided again.
    expect(worker.notices.filter((one) => one.includes("W-"))).toEqual([]);
    expect((await plane.showPromotion(done.id)).decision).toMatchObject({ outcome: "deny" });
    expect(await notices("waiver.incident")).toHaveLength(1);
    expect((await promoted()).state).toBe("failed");
    const { engine } = worker;
    expect(await verifyState(engine.log, engine.db)).toMatchObject({ ok: true });
  }, 60_000);

  it("is not, where it fails in another way, demands something else, or is another verdict", async () => {
    await promoted();
    await accepted();
    expect((await promoted("fail", ["eval at a.js", "eval at b.js"])).state).toBe("failed");
    expect((await promoted("error", [])).state).toBe("failed");
    // Under the same name, and weaker.
    const weaker = "{name: sast, uses: staged, phase: static, with: {rules: none}}";
    await plane.applyDocuments(operator, "t.yaml", text({ check: weaker }));
    expect((await promoted()).state).toBe("failed");
  }, 60_000);

  it("is accepted only as it was seen, where owners allow it, and within their time", async () => {
    const { waivers } = plane;
    await expect(waivers.propose(operator, wish())).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("has not failed"),
    });
    await promoted();
    for (const [change, code] of [
      [{ until: days(31) }, "invalid-input"],
      [{ until: days(-1) }, "invalid-input"],
      [{ environment: "production" }, "forbidden"],
      [{ service: "mail" }, "not-found"],
      [{ of: { kind: "check", check: "dast", verdicts: ["fail"] } }, "not-found"],
      [{ of: { kind: "finding", finding: "F-99" } }, "not-found"],
    ] as [Partial<WaiverWish>, string][]) {
      await expect(waivers.propose(operator, wish(change))).rejects.toMatchObject({ code });
    }
    await plane.applyDocuments(operator, "t.yaml", text({ policy: "" }));
    await expect(waivers.propose(operator, wish())).rejects.toMatchObject({ code: "forbidden" });
  }, 60_000);
});

describe("a signature under a waiver", () => {
  beforeEach(async () => {
    await promoted();
  }, 30_000);

  it("is nobody's second where one of them enrolled the other, lately reset a key, or lost the key that signed", async () => {
    const view = await plane.waivers.propose(operator, wish());
    // Whom the first signer has enrolled is the first signer, as far as anybody can tell.
    await sign(view, alice);
    const puppet = await risky("puppet", [], { id: "alice" });
    await expect(sign(view, puppet)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("whoever enrolled"),
    });
    const second = await enrol(plane, "bob", { judges: false });
    await expect(sign(view, { person: bob.person, key: second.key })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("not the person's first"),
    });
    const [first] = (await plane.people.list()).filter(({ name }) => name === "alice");
    await plane.people.removeKey(operator, first?.keys[0]?.id ?? "");
    await expect(sign(view, bob)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("the first signature counts no more"),
    });
    expect((await plane.waivers.show(view.id)).state).toBe("proposed");
  }, 60_000);

  it("with a passkey counts up across whatever it signs: a copy of it signs nothing of another kind", async () => {
    const view = await plane.waivers.propose(operator, wish());
    const rights = ["risks.accept", "people.vouch"];
    const eve = await enrolPasskey(plane, "eve@shop.example", rights);
    const consent = waiverStatement(view.waived, eve.person);
    await plane.waivers.sign(operator, view.id, byPasskey(eve, consent, { signCount: 5 }));
    const { toVouch } = await plane.people.sponsors("bob");
    if (!toVouch) throw new Error("nothing is open");
    const vouch = (signCount: number) =>
      plane.people.vouch(operator, "bob", byPasskey(eve, vouchStatement(toVouch, eve.person), { signCount })); // prettier-ignore
    await expect(vouch(5)).rejects.toThrow("somebody has a copy of it");
    await expect(vouch(0)).rejects.toThrow("somebody has a copy of it");
    await vouch(6);
    const other = await plane.waivers.propose(operator, wish({ reason: "another" }));
    const again = waiverStatement(other.waived, eve.person);
    await expect(
      plane.waivers.sign(operator, other.id, byPasskey(eve, again, { signCount: 6 })),
    ).rejects.toThrow("somebody has a copy of it");
  }, 60_000);

  it("does not count twice, without the right, for another text, or under another waiver", async () => {
    const view = await plane.waivers.propose(operator, wish());
    const other = await plane.waivers.propose(operator, wish({ reason: "another" }));
    await sign(view, alice);
    await expect(sign(view, alice)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("this person"),
    });
    const eve = await enrol(plane, "eve", { judges: false });
    await expect(sign(view, eve)).rejects.toMatchObject({ code: "forbidden" });
    const { of } = view.waived;
    const changes: Partial<Waived>[] = [
      { environment: "production" },
      { until: days(29) },
      { waiver: other.id },
      { release: `sha256:${"0".repeat(64)}` },
      { of: { ...of, verdicts: ["fail", "error"] } as Waived["of"] },
      { of: { ...of, failing: ["eval at a.js", "eval at b.js"] } as Waived["of"] },
      { ledger: "tidelock/another" },
    ];
    for (const change of changes) {
      await expect(sign(view, bob, change)).rejects.toMatchObject({ code: "invalid-input" });
    }
    const foreign = waiverStatement(other.waived, bob.person);
    await expect(
      plane.waivers.sign(operator, view.id, await envelopeBy(bob.key, foreign)),
    ).rejects.toMatchObject({ code: "invalid-input" });
    await expect(sign(view, { person: bob.person, key: alice.key })).rejects.toMatchObject({
      code: "invalid-input",
    });
    expect((await plane.waivers.show(view.id)).state).toBe("proposed");
    await sign(view, bob);
    await expect(sign(view, bob)).rejects.toMatchObject({ code: "conflict" });
  }, 60_000);

  it("is not the second one of whoever wrote it, handed it in, or signed first under another address", async () => {
    const second = async (who: Somebody, first = alice) => {
      const view = await plane.waivers.propose(operator, wish());
      await sign(view, first);
      return sign(view, who);
    };
    const builder = await risky("builder");
    await expect(second(builder)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("own work"),
    });
    const maria = await risky("maria@shop.example");
    const again = await risky("maria+more@shop.example");
    await expect(second(again, maria)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("both signatures"),
    });
    const view = await plane.waivers.propose({ id: "carol" }, wish());
    const carol = await risky("carol");
    await sign(view, alice);
    await expect(sign(view, carol)).rejects.toMatchObject({ code: "forbidden" });
    expect(await second(bob)).toMatchObject({ state: "in-force" });
  }, 60_000);
});

describe("the end of a waiver", () => {
  it("is written down once by two servers that die in between, and what leaned on it is decided again", async () => {
    await promoted();
    const view = await accepted();
    const done = await promoted();
    expect(done.state).toBe("complete");
    const { engine } = worker;
    // Its day comes while nobody looks.
    const late = days(11);
    await expireWaivers(engine, days(9));
    expect((await plane.waivers.show(view.id)).state).toBe("in-force");
    let died = false;
    atPoint = async (point) => {
      if (point !== "waiver:ended" || died) return;
      died = true;
      throw new Error("killed");
    };
    await expect(expireWaivers(engine, late)).rejects.toThrow("killed");
    const other = bench.worker();
    await Promise.all([expireWaivers(engine), expireWaivers(other.engine)]);
    expect(await plane.waivers.show(view.id)).toMatchObject({ state: "ended", holds: false });
    expect(await notices("waiver.ended")).toHaveLength(1);
    expect(await notices("waiver.incident")).toHaveLength(1);
    const marked = await bench.database.db
      .selectFrom("deployments")
      .select("revoked_reason")
      .where("promotion", "=", done.id)
      .execute();
    expect(marked[0]?.revoked_reason).toContain(`${view.id} holds no more`);
    // A clock that is set back brings it back to nobody.
    await expireWaivers(engine, days(-100));
    expect((await promoted()).state).toBe("failed");
    expect(await verifyState(engine.log, engine.db)).toMatchObject({ ok: true });
  }, 60_000);

  it.each(["blue-green", "recreate"])(
    "between the gate and the switch stops the switch (%s)",
    async (strategy) => {
      const more = `      strategy: ${strategy}\n`;
      await plane.applyDocuments(operator, "t.yaml", text({ more }));
      const before = await promoted("pass", []);
      expect(before.state).toBe("complete");
      const newer = makeRelease(bench, "2.0.0");
      await plane.createRelease({ id: "builder" }, newer);
      await fails("2.0.0");
      const view = await accepted();
      // At the last moment: everything was asked, the new colour is ready.
      atPoint = async (point) => {
        if (point !== "arm-return:before-intent") return;
        atPoint = null;
        await plane.waivers.withdraw(operator, view.id, "not after all");
      };
      const denied = await fails("2.0.0");
      expect(denied.state).toBe("failed");
      expect(denied.message).toContain("check sast: fail");
      const live = await bench.database.db
        .selectFrom("lanes")
        .select("live_promotion")
        .where("environment", "=", "dev")
        .executeTakeFirstOrThrow();
      expect(live.live_promotion).toBe(before.id);
      expect(await notices("waiver.incident")).toEqual([]);
    },
    60_000,
  );

  it("comes with the owners' shorter time, and what was signed does not outlive it", async () => {
    await promoted();
    const view = await accepted();
    const short = "  waivers: { longest: 1m, allowed: both }";
    await plane.applyDocuments(operator, "t.yaml", text({ policy: short }));
    const shown = await plane.waivers.show(view.id);
    expect(Date.parse(shown.until)).toBe(Date.parse(shown.since ?? "") + 60_000);
    await expireWaivers(worker.engine, new Date(Date.parse(shown.until)).toISOString());
    expect(await plane.waivers.show(view.id)).toMatchObject({
      state: "ended",
      why: expect.stringContaining("the longest that dev allows"),
    });
    await plane.applyDocuments(operator, "t.yaml", text());
    expect((await promoted()).state).toBe("failed");
  }, 60_000);

  it("of what was only missing revokes nothing, and the release is no ground for later environments", async () => {
    const { db } = bench.database;
    await promoted();
    const view = await accepted({
      of: { kind: "check", check: "sast", verdicts: ["inconclusive"] },
    });
    bench.staged.report = { exercised: { requests: 0, assertions: 0, files: 0 } };
    bench.staged.verdicts = ["inconclusive"];
    const next = await plane.promote(operator, { ...lane, release: "1.0.0" });
    expect((await ended(plane, next.id)).state).toBe("complete");
    await plane.waivers.withdraw(operator, view.id, "it is looked at now");
    const rows = await db
      .selectFrom("deployments")
      .select(["verified_at", "revoked_at"])
      .where("promotion", "=", next.id)
      .execute();
    expect(rows).toEqual([{ verified_at: null, revoked_at: null }]);
  }, 60_000);
});

describe("what somebody edits in the database", () => {
  it.each([
    [
      "wider",
      "update waivers set content = jsonb_set(content, '{of,verdicts}', '[\"fail\",\"error\"]')",
    ],
    [
      "longer",
      "update waivers set content = jsonb_set(content, '{until}', '\"2099-01-01T00:00:00.000Z\"')",
    ],
    ["elsewhere", "update waivers set since = since - interval '1 day'"],
    [
      "alone",
      "update waivers set signatures = jsonb_build_array(signatures -> 0, signatures -> 0)",
    ],
  ])(
    "(a waiver made %s) opens no gate",
    async (_, attack) => {
      await promoted();
      await accepted();
      await bench.database.pool.query(attack);
      const denied = await promoted();
      expect(denied.state).toBe("failed");
      expect(denied.message).toContain("waivers");
      const { engine } = worker;
      expect(await verifyState(engine.log, engine.db)).toMatchObject({
        ok: false,
        difference: { table: "waivers" },
      });
    },
    60_000,
  );

  it("a waiver that was ended is not brought back", async () => {
    await promoted();
    const view = await accepted();
    await plane.waivers.withdraw(operator, view.id, "no more");
    await bench.database.pool.query(
      "update waivers set state = 'in-force', why = null, ended_at = null, changes = changes - 1",
    );
    expect((await promoted()).state).toBe("failed");
  }, 60_000);
});

it("those that hold for a release are told to whoever asks", async () => {
  await promoted();
  const view = await accepted();
  const { db } = bench.database;
  const release = (await plane.showRelease("shop", "1.0.0")).id;
  expect(await waiversFor(db, lane, release, days(1))).toEqual([
    { id: view.id, of: "sast", kind: "check", until: view.until },
  ]);
  expect(await waiversFor(db, lane, release, days(11))).toEqual([]);
  expect(await waiversFor(db, { ...lane, environment: "production" }, release, days(1))).toEqual(
    [],
  );
}, 60_000);
