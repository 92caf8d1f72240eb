import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  breaks,
  enrolForGlass,
  type GlassPerson,
  reviews,
} from "../../../test/support/break-glass-lab.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import type { BreakGlassView } from "../../api/routes/break-glass.ts";
import { verifyPack } from "../../audit/verify-pack.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import type { Engine } from "../engine.ts";
import { lookAtGlasses } from "./use.ts";

let bench: EngineBench;
let plane: ControlPlane;
let engine: Engine;

const production = { service: "shop", environment: "production" };
const hour = 3_600_000;

beforeEach(async () => {
  bench = await EngineBench.create();
  const worker = bench.worker();
  engine = worker.engine;
  await engine.log.open("1.0.0");
  plane = worker.controlPlane;
});
afterEach(() => bench.close());

function frozen(): string {
  const at = (ms: number) => new Date(Date.now() + ms).toISOString().replace(/\.\d+/, "");
  return `  freezes: [{ name: year-end, from: "${at(-hour)}", to: "${at(48 * hour)}", reason: the books are closed, owner: finance }]`;
}

/** 1.0.0 is live in production, further releases wait in dev. */
async function shop(floor = "", ...versions: readonly string[]): Promise<void> {
  await plane.applyDocuments(operator, "t.yaml", documents());
  for (const version of ["1.0.0", ...versions]) {
    await plane.createRelease(operator, makeRelease(bench, version));
    await through("dev", version);
    if (version === "1.0.0") await through("production", version);
  }
  if (floor !== "") await plane.applyDocuments(operator, "t.yaml", documents({ floor }));
}

async function through(environment: string, release: string) {
  const { id } = await plane.promote(operator, { service: "shop", environment, release });
  expect(await ended(plane, id)).toMatchObject({ state: "complete" });
  return id;
}

async function team(): Promise<void> {
  for (const name of ["one@shop.example", "two@shop.example"]) {
    await enrolForGlass(plane, name, { rights: ["policy.change"] });
  }
  await plane.policy.setGovernance(operator, "team");
}

const wish = {
  reason: "orders are lost",
  expiresMs: hour,
  scope: "all" as "all" | "window",
  checks: [] as string[],
};
const open = (promotion: string, more: Partial<typeof wish> = {}) =>
  plane.breakGlass.openFor(operator, promotion, { ...wish, ...more });
const sign = async (view: BreakGlassView, who: GlassPerson) =>
  plane.breakGlass.sign(view.id, await breaks(view, who));
const review = async (view: BreakGlassView, who: GlassPerson, promotion: string, said = {}) =>
  plane.breakGlass.review(view.id, await reviews(view, who, promotion, said));

/** A release whose check fails in production. */
async function denied(): Promise<string> {
  bench.staged.verdicts = ["fail"];
  bench.staged.report = { results: [{ name: "GET /orders", verdict: "fail", message: "500" }] };
  const { id } = await plane.promote(operator, { ...production, release: "1.1.0" });
  const done = await ended(plane, id);
  expect(done).toMatchObject({ state: "failed", decision: { outcome: "deny" } });
  return id;
}

describe("in an emergency", () => {
  it("two people let one release past a failing check; nothing else goes until somebody else has reviewed it", async () => {
    await shop("", "1.1.0", "1.2.0");
    const [ann, tom, kim] = await Promise.all(
      ["ann", "tom", "kim"].map((name) => enrolForGlass(plane, `${name}@shop.example`)),
    );
    await team();
    const failed = await denied();
    const { proposal } = await plane.applyDocuments(operator, "t.yaml", documents());
    expect(proposal).toBeNull();
    const view = await open(failed);
    expect(view.state).toBe("asked");
    expect(view.basis.asides.map(({ of }) => of)).toEqual(["check smoke"]);
    expect(view.basis.asides[0]?.check).toMatchObject({
      verdict: "fail",
      failing: ["GET /orders"],
    });
    expect((await sign(view, ann!)).state).toBe("asked");
    expect((await sign(view, tom!)).state).toBe("in-force");
    bench.staged.verdicts = ["fail"];
    const id = await through("production", "1.1.0");
    const done = await plane.showPromotion(id);
    expect(done.decision).toMatchObject({
      outcome: "break-glass",
      brokenGlass: { glass: "BG-1", people: [ann!.person, tom!.person], alone: false, setAside: ["check smoke"] }, // prettier-ignore
    });
    expect((await plane.breakGlass.show("BG-1")).state).toBe("review-owed");
    const [lane] = (await plane.status({ service: "shop" })).filter(
      (one) => one.environment === "production",
    );
    expect(lane?.glasses).toMatchObject([{ id: "BG-1", usedBy: id, setAside: ["check smoke"] }]);
    expect(lane?.lastGood?.version).toBe("1.0.0");

    bench.staged.report = {};
    const next = await plane.promote(operator, { ...production, release: "1.2.0" });
    const blocked = await ended(plane, next.id);
    expect(blocked.state).toBe("failed");
    expect(blocked.message).toContain("nobody has reviewed it");
    expect(blocked.message).toContain("tidelock break-glass review BG-1");
    await expect(review(view, tom!, id)).rejects.toMatchObject({ code: "forbidden" });
    await expect(review(view, kim!, next.id)).rejects.toMatchObject({ code: "invalid-input" });
    const reviewed = await review(view, kim!, id, { outcome: "not-justified" });
    expect(reviewed).toMatchObject({
      state: "reviewed",
      review: { outcome: "not-justified", person: kim!.person, alone: false },
    });
    await through("production", "1.2.0");
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
    const of = { kind: "release" as const, service: "shop", release: "1.1.0", seen: [] };
    const { report } = verifyPack((await plane.exportPack(operator, of)).zip, null);
    expect(report.problems).toEqual([]);
    expect(report.checks.find((one) => one.id === "break-glass")).toMatchObject({ count: 3 });
  });

  it("a freeze alone is passed by a glass for windows, and evidence is held to all the same", async () => {
    await shop(frozen(), "1.1.0");
    const [ann, tom] = await Promise.all(
      ["ann", "tom"].map((name) => enrolForGlass(plane, `${name}@shop.example`)),
    );
    const { id } = await plane.promote(operator, { ...production, release: "1.1.0" });
    await until(() => plane.showPromotion(id), ({ waiting }) => waiting !== null); // prettier-ignore
    const view = await open(id, { scope: "window" });
    expect(view.basis).toMatchObject({ asides: [{ of: "window" }], findings: null });
    await sign(view, ann!);
    await sign(view, tom!).catch(() => undefined);
    const done = await ended(plane, id);
    expect(done).toMatchObject({ state: "complete", decision: { outcome: "break-glass" } });
    expect(done.decision?.brokenGlass?.setAside).toEqual(["window"]);
    const [lane] = (await plane.status({ service: "shop" })).filter(
      (one) => one.environment === "production",
    );
    expect(lane?.lastGood?.version).toBe("1.1.0");
  });

  it("a glass for windows lets no failing check through", async () => {
    await shop(frozen(), "1.1.0");
    const ann = await enrolForGlass(plane, "ann@shop.example");
    bench.staged.verdicts = ["fail"];
    const { id } = await plane.promote(operator, { ...production, release: "1.1.0" });
    await until(() => plane.showPromotion(id), ({ waiting }) => waiting !== null); // prettier-ignore
    await sign(await open(id, { scope: "window" }), ann);
    expect(await ended(plane, id)).toMatchObject({ state: "failed" });
  });

  it("one person does in solo mode, which is said, and may review it alone after twelve hours", async () => {
    await shop(frozen(), "1.1.0");
    const ann = await enrolForGlass(plane, "ann@shop.example");
    bench.staged.verdicts = ["fail"];
    const { id } = await plane.promote(operator, { ...production, release: "1.1.0" });
    await until(() => plane.showPromotion(id), ({ waiting }) => waiting !== null); // prettier-ignore
    const view = await open(id, { checks: ["smoke"] });
    expect(view.basis.asides.map(({ of }) => of)).toEqual(["check smoke", "window"]);
    expect((await sign(view, ann)).state).toBe("in-force");
    const done = await ended(plane, id);
    expect(done).toMatchObject({ state: "complete", decision: { outcome: "break-glass" } });
    expect(done.decision?.brokenGlass?.alone).toBe(true);
    const text = done.decision?.reasons.map(({ message }) => message).join();
    expect(text).toContain("NOBODY ELSE LOOKED");
    await expect(review(view, ann, id)).rejects.toThrow(/may review it alone from/);
    await sql`update break_glass set used_at = used_at - interval '13 hours'`.execute(engine.db);
    await expect(review(view, ann, id)).rejects.toMatchObject({ code: "denied" });
    await sql`update break_glass set used_at = used_at + interval '13 hours'`.execute(engine.db);
    // A return of traffic is held up by nothing of this.
    const back = await plane.rollback(operator, production, { reason: "worse" });
    expect(await ended(plane, back.id)).toMatchObject({ state: "complete" });
  });
});

describe("nobody goes past a gate", () => {
  async function asked(): Promise<{ id: string; view: BreakGlassView }> {
    await shop(frozen(), "1.1.0");
    const { id } = await plane.promote(operator, { ...production, release: "1.1.0" });
    await until(() => plane.showPromotion(id), ({ waiting }) => waiting !== null); // prettier-ignore
    return { id, view: await open(id) };
  }

  const stillWaits = async (id: string) => {
    const view = await plane.showPromotion(id);
    expect(view.state).toBe("running");
    expect(view.waiting?.reason).toContain("freeze");
  };

  it("as one person under two names, twice, or with somebody whom one has enrolled", async () => {
    const { id, view } = await asked();
    const ann = await enrolForGlass(plane, "ann@shop.example", { also: ["ann@home.example"] });
    const alias = await enrolForGlass(plane, "ann+x@shop.example");
    const puppet = await enrolForGlass(plane, "puppet@shop.example", { by: { id: "ann@home.example" } }); // prettier-ignore
    const stranger = await enrolForGlass(plane, "stranger@shop.example", { rights: [] });
    await team();
    await expect(sign(view, stranger)).rejects.toMatchObject({ code: "forbidden" });
    await sign(view, ann);
    await expect(sign(view, ann)).rejects.toMatchObject({ code: "conflict" });
    await expect(sign(view, alias)).rejects.toMatchObject({ code: "forbidden" });
    await expect(sign(view, puppet)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("enrolled"),
    });
    await stillWaits(id);
  });

  it("with a signature for another environment, of another person, or over one byte of another plan", async () => {
    const { id, view } = await asked();
    const ann = await enrolForGlass(plane, "ann@shop.example");
    const tom = await enrolForGlass(plane, "tom@shop.example");
    const plan = `sha256:${"0".repeat(64)}`;
    const others = [
      { ...view, asked: { ...view.asked, environment: "dev" } },
      { ...view, asked: { ...view.asked, plan } },
      { ...view, asked: { ...view.asked, expires: "2099-01-01T00:00:00.000Z" } },
      { ...view, asked: { ...view.asked, request: "0".repeat(32) } },
      { ...view, basis: { ...view.basis, findings: [] } },
    ];
    for (const other of others) {
      const bytes = await breaks(other, ann);
      await expect(plane.breakGlass.sign(view.id, bytes)).rejects.toMatchObject({
        code: "invalid-input",
      });
    }
    const forged = await breaks(view, ann, tom.person);
    await expect(plane.breakGlass.sign(view.id, forged)).rejects.toMatchObject({
      code: "invalid-input",
    });
    await stillWaits(id);
  });

  it("once it has expired, was withdrawn, or somebody took the right away", async () => {
    const { id, view } = await asked();
    const ann = await enrolForGlass(plane, "ann@shop.example", { rights: [] });
    const right = { name: "ann@shop.example", right: "break-glass.sign", service: null, environment: null }; // prettier-ignore
    await expect(sign(view, ann)).rejects.toMatchObject({ code: "forbidden" });
    await plane.people.grant(operator, { ...right, environment: "dev" });
    await expect(sign(view, ann)).rejects.toMatchObject({ code: "forbidden" });
    await plane.breakGlass.withdraw(operator, view.id, "it heals");
    await expect(sign(view, ann)).rejects.toMatchObject({ code: "conflict" });
    const short = await open(id);
    await sql`update break_glass set asked = jsonb_set(asked, '{expires}', '"2020-01-01T00:00:00.000Z"') where id = 2`.execute(engine.db); // prettier-ignore
    await lookAtGlasses(engine);
    expect(await plane.breakGlass.show(short.id)).toMatchObject({ state: "over" });
    await stillWaits(id);
  });

  it("by a row that somebody wrote into the database", async () => {
    const { id, view } = await asked();
    await team();
    const ann = await enrolForGlass(plane, "ann@shop.example", { rights: [] });
    expect(ann.person).toMatch(/^person:/);
    await sql`update break_glass set signatures = '[{"id":"sha256:00","person":"x","key":"k","method":"key","at":"2020-01-01T00:00:00Z"}]'`.execute(engine.db); // prettier-ignore
    await sql`update promotions set wake_at = null`.execute(engine.db);
    const done = await ended(plane, id);
    expect(done.state).toBe("failed");
    expect(done.message).toContain("break_glass");
    expect(view.signatures).toEqual([]);
  });

  it("where the owners allow none, for longer than they allow, or where nothing stands in the way", async () => {
    const { id } = await asked();
    await expect(open(id, { expiresMs: 5 * hour })).rejects.toMatchObject({ code: "forbidden" });
    await expect(open(id, { checks: ["sast"] })).rejects.toMatchObject({ code: "not-found" });
    const none = `${frozen()}\n  breakGlass: { allowed: none }`;
    await plane.applyDocuments(operator, "t.yaml", documents({ floor: none }));
    await expect(open(id)).rejects.toMatchObject({ code: "forbidden" });
    const dev = { service: "shop", environment: "dev", release: "1.1.0" };
    await expect(plane.breakGlass.open(operator, { ...dev, ...wish })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("nothing that may be set aside"),
    });
  });
});
